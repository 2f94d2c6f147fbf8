/*
 * Sends HTTP/1.1 GET requests at a fixed rate and records, for each, the time from the moment at which it should have
 * been sent to the moment at which its response was complete. So a stall of the server (or of this program) is seen by
 * every request that fell into it: no coordinated omission.
 *
 * Theory of operation. The schedule is fixed before the first byte: request i is due at (i + u) / rate, with u in [0, 1)
 * from a seeded generator, so that arrivals do not lock into the phase of the server's event loop and every server sees
 * the same schedule. One epoll set holds the sockets and a timerfd armed at the next due time (absolute, monotonic; a
 * timerfd has no timer slack, and sleeping in epoll leaves the core to the origin that shares it). A due request takes
 * the connection that has been free for longest; when none is free it waits in a queue, and that wait counts.
 *
 * On a virtual machine a halted core takes tens of microseconds to wake, more than any proxy here adds, and every idle
 * moment of a request pays it. CORES ("0,1", or "-" for none) are kept awake during the run by a child each of the
 * scheduler's idle class, which gives way to anything else at once.
 *
 * Usage: pace PORT RATE CONNECTIONS SECONDS WARMUP_SECONDS PATH SEED CORES OUTPUT
 * OUTPUT gets two 32-bit little-endian numbers per measured request: latency and lateness of the send, both in ns. The
 * lateness is this program's own: 0 for a request that waited for a free connection (those are counted as "queued").
 * One line of JSON with the totals goes to stdout.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define MAX_AWAKE 64
#define READ_BYTES 65536
#define HEAD_BYTES 16384
/* After the last send, answers are awaited for this long; what is missing then is an error. */
#define GRACE_NS 2000000000ull
/* The first send is due this long after the connections stand. */
#define LEAD_NS 20000000ull

struct connection {
	int fd;
	int64_t request;   /* index into the schedule; -1 when free */
	int64_t body_left; /* -1 while the head is being read */
	size_t head_length;
	char head[HEAD_BYTES];
};

static struct connection connections[MAX_CONNECTIONS];
static int free_ring[MAX_CONNECTIONS + 1];
static int free_head, free_tail, connection_count;
static uint64_t *due_ns, *late_ns, *latency_ns;
static uint64_t total, completed, failed, queued;
static char request_text[4096];
static int request_length;

static void die(const char *what) {
	fprintf(stderr, "pace: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
	exit(1);
}

static uint64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* xorshift64*: enough for jitter. */
static double next_unit(uint64_t *state) {
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * 2685821657736338717ull) >> 11) / 9007199254740992.0;
}

static void put_free(int index) {
	connections[index].request = -1;
	connections[index].body_left = -1;
	connections[index].head_length = 0;
	free_ring[free_tail] = index;
	free_tail = (free_tail + 1) % (MAX_CONNECTIONS + 1);
}

static void send_on(int index, uint64_t request) {
	struct connection *c = &connections[index];
	c->request = (int64_t)request;
	late_ns[request] = now_ns() - due_ns[request];
	if (send(c->fd, request_text, (size_t)request_length, MSG_NOSIGNAL) != request_length) die("send");
}

/* The head stands complete in c->head: sets body_left. Answers other than 200 with a Content-Length end the run. */
static void parse_head(struct connection *c) {
	if (strncmp(c->head, "HTTP/1.1 200", 12) != 0) {
		c->head[40] = 0;
		fprintf(stderr, "pace: answer was: %s\n", c->head);
		exit(1);
	}
	char *field = strcasestr(c->head, "\r\ncontent-length:");
	if (field == NULL) die("answer without Content-Length");
	c->body_left = strtoll(field + 17, NULL, 10);
}

static void take(int index, const char *bytes, size_t length) {
	struct connection *c = &connections[index];
	if (c->request < 0) die("bytes on an idle connection");
	if (c->body_left < 0) {
		if (c->head_length + length >= HEAD_BYTES) length = HEAD_BYTES - 1 - c->head_length;
		size_t before = c->head_length;
		memcpy(c->head + before, bytes, length);
		c->head_length += length;
		c->head[c->head_length] = 0;
		char *end = strstr(c->head, "\r\n\r\n");
		if (end == NULL) return;
		parse_head(c);
		c->body_left -= (int64_t)(c->head_length - (size_t)(end + 4 - c->head));
	} else {
		c->body_left -= (int64_t)length;
	}
	if (c->body_left < 0) die("more bytes than Content-Length");
	if (c->body_left > 0) return;
	latency_ns[c->request] = now_ns() - due_ns[c->request];
	completed++;
	put_free(index);
}

static void read_from(int index) {
	static char buffer[READ_BYTES];
	ssize_t n = recv(connections[index].fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (n <= 0) die("connection closed by the server");
	take(index, buffer, (size_t)n);
}

static void open_connections(int port, int epoll) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < connection_count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
		if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) die("connect");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		connections[i].fd = fd;
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll_ctl");
		put_free(i);
	}
}

static void make_schedule(double rate, uint64_t seed) {
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1, start = now_ns() + LEAD_NS;
	for (uint64_t i = 0; i < total; i++)
		due_ns[i] = start + (uint64_t)(((double)i + next_unit(&state)) / rate * 1e9);
}

static void arm(int timer, uint64_t at) {
	struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(at / 1000000000ull), .tv_nsec = (long)(at % 1000000000ull)}};
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL) != 0) die("timerfd_settime");
}

static void run(int epoll, int timer) {
	struct epoll_event events[64];
	uint64_t next = 0, blocked_at = 0, armed = 0, expirations, deadline = due_ns[total - 1] + GRACE_NS;
	while (completed < total) {
		uint64_t now = now_ns();
		if (now > deadline) break;
		while (next < total && due_ns[next] <= now && free_head != free_tail) {
			int index = free_ring[free_head];
			free_head = (free_head + 1) % (MAX_CONNECTIONS + 1);
			send_on(index, next);
			if (due_ns[next] <= blocked_at) {
				late_ns[next] = 0;
				queued++;
			}
			next++;
		}
		if (next < total && due_ns[next] <= now) blocked_at = now;
		uint64_t at = next < total && due_ns[next] > now ? due_ns[next] : deadline + 1;
		if (at != armed) arm(timer, armed = at);
		int n = epoll_wait(epoll, events, 64, -1);
		if (n < 0 && errno != EINTR) die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.u32 == UINT32_MAX) {
				if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("read timer");
			} else {
				read_from((int)events[i].data.u32);
			}
		}
	}
	failed = total - completed;
}

static pid_t awake[MAX_AWAKE];
static int awake_count;

static void sleep_no_more(void) {
	for (int i = 0; i < awake_count; i++) kill(awake[i], SIGKILL);
}

/* The child dies with us, whatever happens to us; it stops at once when it cannot have the idle class. */
static void keep_awake(const char *cores) {
	for (const char *at = cores; *at >= '0' && *at <= '9' && awake_count < MAX_AWAKE; at += strcspn(at, ",") + (strchr(at, ',') != NULL)) {
		pid_t parent = getpid(), child = fork();
		if (child < 0) die("fork");
		if (child > 0) {
			awake[awake_count++] = child;
			continue;
		}
		cpu_set_t set;
		struct sched_param priority = {0};
		CPU_ZERO(&set);
		CPU_SET(atoi(at), &set);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Accounted as "nice" time, so that the other work on the core can be told from this. */
		if (setpriority(PRIO_PROCESS, 0, 19) != 0) _exit(1);
		if (getppid() != parent || sched_setaffinity(0, sizeof set, &set) != 0) _exit(1);
		if (sched_setscheduler(0, SCHED_IDLE, &priority) != 0) _exit(1);
		for (volatile unsigned spin = 0;; spin++) continue;
	}
	atexit(sleep_no_more);
}

static uint32_t clamp(uint64_t ns) { return ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns; }

int main(int argc, char **argv) {
	if (argc != 10) {
		fprintf(stderr, "usage: pace PORT RATE CONNECTIONS SECONDS WARMUP_SECONDS PATH SEED CORES OUTPUT\n");
		return 64;
	}
	double rate = atof(argv[2]), seconds = atof(argv[4]), warmup = atof(argv[5]);
	connection_count = atoi(argv[3]);
	if (rate <= 0 || connection_count < 1 || connection_count > MAX_CONNECTIONS) return 64;
	total = (uint64_t)(rate * (seconds + warmup));
	uint64_t skip = (uint64_t)(rate * warmup);
	due_ns = calloc(total, sizeof *due_ns);
	late_ns = calloc(total, sizeof *late_ns);
	latency_ns = calloc(total, sizeof *latency_ns);
	request_length = snprintf(request_text, sizeof request_text,
		"GET %s HTTP/1.1\r\nHost: bench.local\r\nUser-Agent: pace\r\nAccept: */*\r\n\r\n", argv[6]);
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
	if (epoll < 0 || timer < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &e) != 0) die("set-up");
	open_connections(atoi(argv[1]), epoll);
	keep_awake(argv[8]);
	make_schedule(rate, strtoull(argv[7], NULL, 10));
	run(epoll, timer);

	FILE *out = fopen(argv[9], "wb");
	if (out == NULL) die(argv[9]);
	uint64_t measured = 0;
	for (uint64_t i = skip; i < total; i++) {
		if (latency_ns[i] == 0) continue;
		uint32_t pair[2] = {clamp(latency_ns[i]), clamp(late_ns[i])};
		fwrite(pair, sizeof pair, 1, out);
		measured++;
	}
	if (fclose(out) != 0) die(argv[9]);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("{\"sent\":%llu,\"measured\":%llu,\"failed\":%llu,\"queued\":%llu,\"cpuSeconds\":%.6f}\n", (unsigned long long)completed,
		(unsigned long long)measured, (unsigned long long)failed, (unsigned long long)queued, cpu);
	return 0;
}
