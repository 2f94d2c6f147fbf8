/**
 * A service in a simulation: endpoints that work at one request at a time, first come, first served, with random times of
 * service, and requests that come by chance, whether the earlier ones have been answered or not (M/M/1 each, open loop).
 */
import type { Balancer, Share } from '../../src/balancing/balancer.ts';
import { buildBalancer } from '../../src/balancing/build-balancer.ts';
import { mixed } from '../../src/balancing/hash.ts';
import { LatencyCell } from '../../src/balancing/latency-cell.ts';
import type { TimedCandidate } from '../../src/balancing/peak-ewma.ts';
import type { LoadBalancerPolicy } from '../../src/config/service-config.ts';
import { SeededRandom } from '../support/seeded-random.ts';

export interface Setting {
	readonly policy: LoadBalancerPolicy['policy'];
	/** Mean time of service of each endpoint, in milliseconds. */
	readonly serviceMs: readonly number[];
	/** Of all that the endpoints can do together. */
	readonly load: number;
	readonly requests: number;
	readonly seed: number;
	/** Endpoints that are there only from this time on, in milliseconds; default: from the beginning. */
	readonly joinedAt?: Readonly<Record<number, number>>;
}

export interface Outcome {
	readonly p50: number;
	readonly p99: number;
	/** Of the requests, by endpoint. */
	readonly shares: readonly number[];
}

class Server implements TimedCandidate {
	readonly isUsable = true;
	readonly latency = new LatencyCell();
	readonly address: string;
	readonly serviceMs: number;
	readonly index: number;
	active = 0;
	taken = 0;
	private freeAt = 0;
	/** When each request under way came, and when it will have been answered. */
	private readonly queue: { came: number; done: number }[] = [];

	constructor(index: number, serviceMs: number) {
		this.index = index;
		this.address = `10.0.0.${index}:80`;
		this.serviceMs = serviceMs;
	}

	get nextDone(): number {
		return this.queue[0]?.done ?? Number.POSITIVE_INFINITY;
	}

	take(now: number, random: SeededRandom): void {
		this.active++;
		this.taken++;
		this.freeAt = Math.max(now, this.freeAt) + exponential(this.serviceMs, random);
		this.queue.push({ came: now, done: this.freeAt });
	}

	/** Milliseconds that the request took. */
	finish(): number {
		const { came, done } = this.queue.shift() ?? { came: 0, done: 0 };
		this.active--;
		this.latency.observe(done - came, done);
		return done - came;
	}
}

export function simulate(setting: Setting): Outcome {
	const { serviceMs, load, requests, seed, joinedAt = {} } = setting;
	const random = new SeededRandom(seed);
	const servers = serviceMs.map((each, index) => new Server(index, each));
	const capacity = serviceMs.reduce((sum, each) => sum + 1 / each, 0);
	const joins = [...new Set([0, ...Object.values(joinedAt)])].sort((a, b) => a - b);
	const latencies: number[] = [];
	let balancer: Balancer<Server> | null = null;
	let now = 0;
	for (let request = 0; request < requests; request++) {
		now += exponential(1 / (capacity * load), random);
		while (joins.length > 0 && (joins[0] ?? 0) <= now) {
			const at = joins.shift() ?? 0;
			balancer = buildBalancer(setting.policy, sharesOf(servers.filter(({ index }) => (joinedAt[index] ?? 0) <= at)));
		}
		finishUntil(servers, now, latencies);
		balancer?.pick(random, null, mixed(request), now)?.take(now, random);
	}
	finishUntil(servers, Number.MAX_VALUE, latencies);
	latencies.sort((a, b) => a - b);
	const quantile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
	return { p50: quantile(0.5), p99: quantile(0.99), shares: servers.map(({ taken }) => taken / requests) };
}

function sharesOf(servers: readonly Server[]): Share<Server>[] {
	return servers.map((endpoint) => ({ endpoint, weight: 1 }));
}

function finishUntil(servers: readonly Server[], now: number, latencies: number[]): void {
	for (;;) {
		let first = servers[0] as Server;
		for (const server of servers) if (server.nextDone < first.nextDone) first = server;
		if (first.nextDone > now) return;
		latencies.push(first.finish());
	}
}

function exponential(mean: number, random: SeededRandom): number {
	return -mean * Math.log(1 - random.next());
}
