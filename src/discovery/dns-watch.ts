/**
 * The endpoints of a service from DNS, asked for again and again.
 *
 * When: an answer holds for its smallest TTL, but for `refresh` at least, so that a TTL of 0 is no question a moment, and for
 * an hour at most (a slip in a zone file must not outlive the day). Envoy has the same with `respect_dns_ttl`, except
 * that there the TTL alone counts and 0 has to be guarded against. Of SRV records Node.js does not tell the TTL: they are
 * asked for after each `refresh`. A random tenth on top spreads the questions of many services out.
 *
 * What: a list that is the same but for its order is no update. While DNS is in trouble, and also when it says that the
 * name is gone or has no address, the last good list stays: servers that answer NXDOMAIN for a moment are known to empty
 * whole clusters (envoyproxy/envoy#2691), while endpoints that are really gone are found out by calling them. Each such
 * answer is told as `failed`, and asked again after 1, 2, 4 … 30 seconds, half as much again at random. The first good list
 * after that is told even when it is the last one: whoever was told of the trouble hears that it is over.
 */
import { type Random, TimerEntry, type Timers } from '../clock.ts';
import type { EndpointConfig, EndpointSource } from '../config/service-config.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { EndpointSink, EndpointWatch } from '../ports/endpoint-source.ts';
import { type Found, LookupMemory, type NameLookup } from './name-lookup.ts';
import { serviceEndpoints } from './service-endpoints.ts';

export type DnsSource = Extract<EndpointSource, { readonly is: 'dns' }>;

export interface DnsWatchParts {
	/** One for all watches: they share what is asked at once, and the files. */
	readonly lookup: NameLookup;
	readonly timers: Timers;
	readonly random: Random;
}

const MILLIS_PER_SECOND = 1000;
/** However short TTL and `refresh` are. */
const SHORTEST_WAIT_MS = 1000;
const LONGEST_TTL_MS = 3_600_000;
const WAIT_JITTER = 0.1;
const FIRST_BACKOFF_MS = 1000;
/** As long as name servers keep it for themselves that they cannot resolve a name (RFC 9520 §3.2: 1 s to 5 min). */
const LONGEST_BACKOFF_MS = 30_000;
const BACKOFF_JITTER = 0.5;

export class DnsWatch extends TimerEntry implements EndpointWatch {
	private readonly source: DnsSource;
	private readonly parts: DnsWatchParts;
	private readonly memory = new LookupMemory();
	/** `null`: not started, or stopped. */
	private sink: EndpointSink | null = null;
	/** The list told last, in a form that can be compared; `''`: none yet. */
	private told = '';
	/** In a row. */
	private failures = 0;

	constructor(source: DnsSource, parts: DnsWatchParts) {
		super();
		this.source = source;
		this.parts = parts;
	}

	start(sink: EndpointSink): void {
		this.sink = sink;
		this.ask();
	}

	stop(): void {
		this.sink = null;
		this.parts.timers.disarm(this);
	}

	override onTimer(): void {
		this.ask();
	}

	private ask(): void {
		const heard = (found: Found<EndpointConfig>): void => this.heard(found);
		this.look().then(heard, (error: unknown) => heard({ ok: false, isSure: false, reason: String(error) }));
	}

	private async look(): Promise<Found<EndpointConfig>> {
		const { lookup } = this.parts;
		const { name, port, type } = this.source;
		if (type === 'SRV') {
			const services = await lookup.services(name, this.memory);
			return services.ok ? serviceEndpoints(services.records, lookup, this.memory) : services;
		}
		const found = await lookup.addresses(name, this.memory);
		if (!found.ok) return found;
		return {
			...found,
			records: found.records.map((host) => ({ host, port, weight: 1, zone: '', labels: {}, identity: '' })),
		};
	}

	private heard(found: Found<EndpointConfig>): void {
		const { sink } = this;
		if (sink === null) return;
		// A promise is no door of the event loop's that the data path's clock knows of.
		loopClock.refresh();
		if (found.ok) this.took(sink, found.records, found.ttl);
		else this.failed(sink, found.reason);
	}

	private took(sink: EndpointSink, records: readonly EndpointConfig[], ttl: number): void {
		const endpoints = sorted(records);
		const text = JSON.stringify(endpoints);
		const isNews = text !== this.told || this.failures > 0;
		this.failures = 0;
		this.told = text;
		const ttlMs = Math.min(ttl * MILLIS_PER_SECOND, LONGEST_TTL_MS);
		const waitMs = Math.max(ttlMs, this.source.refresh, SHORTEST_WAIT_MS);
		this.again(waitMs, WAIT_JITTER);
		if (isNews) sink.update(endpoints);
	}

	private failed(sink: EndpointSink, reason: string): void {
		const waitMs = Math.min(FIRST_BACKOFF_MS * 2 ** this.failures, LONGEST_BACKOFF_MS);
		this.failures++;
		this.again(waitMs, BACKOFF_JITTER);
		sink.failed(reason);
	}

	private again(waitMs: number, jitter: number): void {
		const { timers, random } = this.parts;
		timers.arm(this, waitMs * (1 + jitter * random.next()));
	}
}

/** By address, each once. */
function sorted(records: readonly EndpointConfig[]): EndpointConfig[] {
	const byKey = new Map<string, EndpointConfig>();
	for (const record of records) {
		const key = `${record.host} ${record.port}`;
		const known = byKey.get(key);
		byKey.set(key, known === undefined ? record : { ...known, weight: known.weight + record.weight });
	}
	return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}
