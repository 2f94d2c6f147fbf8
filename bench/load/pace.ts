/**
 * `pace.c` for machines without a C compiler: the same arguments, schedule and output (CORES is ignored). Less precise:
 * a timer of Node's is good to a millisecond, so the last two milliseconds before a send are spent turning the event
 * loop, which at more than 500 requests per second never sleeps and takes its core from an origin that shares it.
 */
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { LOOPBACK } from './endpoint.ts';

const NS_PER_S = 1e9;
const SPIN_NS = 2_000_000;
const GRACE_NS = 2_000_000_000;
const LEAD_NS = 20_000_000;
const MAX_UINT32 = 0xffff_ffff;

const [port = 0, rate = 0, connections = 0, seconds = 0, warmup = 0] = process.argv.slice(2, 7).map(Number);
const [path = '/', seed = '1', , output = ''] = process.argv.slice(7);
const total = Math.floor(rate * (seconds + warmup));
const due = new Float64Array(total);
const late = new Float64Array(total);
const latency = new Float64Array(total);
const requestText = `GET ${path} HTTP/1.1\r\nHost: bench.local\r\nUser-Agent: pace\r\nAccept: */*\r\n\r\n`;
const free: Connection[] = [];
let next = 0;
let completed = 0;
let queued = 0;
let blockedAt = 0;

const now = (): number => Number(process.hrtime.bigint());

class Connection {
	private request = -1;
	private bodyLeft = -1;
	private head = '';
	private readonly socket: Socket;

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on('data', (chunk: Buffer) => this.take(chunk));
		socket.on('error', fail);
		socket.on('close', () => fail(new Error('connection closed by the server')));
	}

	send(request: number): void {
		this.request = request;
		late[request] = now() - (due[request] ?? 0);
		this.socket.write(requestText, 'latin1');
	}

	private take(chunk: Buffer): void {
		if (this.request < 0) fail(new Error('bytes on an idle connection'));
		if (this.bodyLeft < 0) {
			this.head += chunk.toString('latin1');
			const end = this.head.indexOf('\r\n\r\n');
			if (end < 0) return;
			const length = /\r\ncontent-length:\s*(\d+)/i.exec(this.head)?.[1];
			if (!this.head.startsWith('HTTP/1.1 200') || length === undefined) fail(new Error(this.head.slice(0, 40)));
			this.bodyLeft = Number(length) - (this.head.length - end - 4);
		} else {
			this.bodyLeft -= chunk.length;
		}
		if (this.bodyLeft > 0) return;
		latency[this.request] = now() - (due[this.request] ?? 0);
		completed++;
		this.request = -1;
		this.bodyLeft = -1;
		this.head = '';
		free.push(this);
	}
}

function fail(error: Error): never {
	console.error(`pace: ${error.message}`);
	process.exit(1);
}

/** The schedule of `pace.c`, from the same generator (xorshift64*), so that both send at the same moments. */
function makeSchedule(): void {
	const mask = (1n << 64n) - 1n;
	let state = (BigInt(seed) * 0x9e3779b97f4a7c15n + 1n) & mask;
	const start = now() + LEAD_NS;
	for (let i = 0; i < total; i++) {
		state ^= state >> 12n;
		state = (state ^ (state << 25n)) & mask;
		state ^= state >> 27n;
		const unit = Number(((state * 2685821657736338717n) & mask) >> 11n) / 2 ** 53;
		due[i] = start + ((i + unit) / rate) * NS_PER_S;
	}
}

function turn(): void {
	const at = now();
	while (next < total && (due[next] ?? 0) <= at) {
		const connection = free.shift();
		if (connection === undefined) {
			blockedAt = at;
			break;
		}
		connection.send(next);
		if ((due[next] ?? 0) <= blockedAt) {
			late[next] = 0;
			queued++;
		}
		next++;
	}
	if (completed === total || at > (due[total - 1] ?? 0) + GRACE_NS) return finish();
	const wait = (due[next] ?? at + LEAD_NS) - at;
	if (wait > SPIN_NS) setTimeout(turn, Math.floor((wait - SPIN_NS) / 1e6));
	else setImmediate(turn);
}

function finish(): void {
	const pairs: number[] = [];
	for (let i = Math.floor(rate * warmup); i < total; i++) {
		const taken = latency[i] ?? 0;
		if (taken > 0) pairs.push(Math.min(taken, MAX_UINT32), Math.min(late[i] ?? 0, MAX_UINT32));
	}
	writeFileSync(output, new Uint32Array(pairs));
	const { user, system } = process.cpuUsage();
	const totals = { sent: completed, measured: pairs.length / 2, failed: total - completed, queued };
	console.log(JSON.stringify({ ...totals, cpuSeconds: (user + system) / 1e6 }));
	process.exit(0);
}

let opened = 0;
for (let i = 0; i < connections; i++) {
	const socket = connect({ port, host: LOOPBACK, noDelay: true }, () => {
		free.push(new Connection(socket));
		if (++opened < connections) return;
		makeSchedule();
		turn();
	});
	socket.once('error', fail);
}
