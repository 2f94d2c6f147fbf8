/** The Kubernetes source in front of a server that speaks the API. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Clock, Timers } from '../../../src/clock.ts';
import type { EndpointConfig } from '../../../src/config/service-config.ts';
import { KubernetesEndpoints, type KubernetesSource } from '../../../src/discovery/kubernetes/kubernetes-endpoints.ts';
import { breathe } from '../../../src/io/breathe.ts';
import { loopTimer } from '../../../src/io/loop-clock.ts';
import { systemClock } from '../../../src/io/system.ts';
import { TimerWheel } from '../../../src/io/timer-wheel.ts';
import type { EndpointSink, EndpointWatch } from '../../../src/ports/endpoint-source.ts';
import type { Log } from '../../../src/ports/log.ts';
import { endpointSlice, type PlannedSlice, type SliceObject } from '../../support/endpoint-slice.ts';
import { type ApiOptions, KubernetesApi } from '../../support/kubernetes-api.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { waitFor } from '../../support/wait-for.ts';

export class RecordingSink implements EndpointSink {
	readonly updates: (readonly EndpointConfig[])[] = [];
	readonly failures: string[] = [];
	watch: EndpointWatch | null = null;
	onUpdate: (() => void) | null = null;

	update(endpoints: readonly EndpointConfig[]): void {
		this.updates.push(endpoints);
		this.onUpdate?.();
	}

	failed(reason: string): void {
		this.failures.push(reason);
	}

	get addresses(): string[] | null {
		return this.updates.at(-1)?.map(({ host, port }) => `${host}:${port}`) ?? null;
	}

	async waitForAddresses(...wanted: readonly string[]): Promise<void> {
		const text = wanted.join();
		await waitFor(`the endpoints ${text}`, () => this.addresses?.join() === text).catch((error: Error) => {
			throw new Error(`${error.message}; there are ${this.addresses?.join()}; failures: ${this.failures.join('\n')}`);
		});
	}

	async waitForFailure(pattern: RegExp): Promise<string> {
		const found = () => this.failures.find((reason) => pattern.test(reason));
		await waitFor(`a failure like ${pattern}`, () => found() !== undefined).catch((error: Error) => {
			throw new Error(`${error.message}; failures: ${this.failures.join('\n')}`);
		});
		return found() as string;
	}
}

export interface WatchingOptions {
	readonly scheme?: 'http' | 'https';
	readonly clock?: Clock;
	readonly timers?: Timers;
	readonly pace?: { readonly baseMs: number; readonly capMs: number };
	readonly family?: 'IPv4' | 'IPv6';
	readonly breathe?: () => Promise<void>;
}

export class Watching {
	/** Of the service account. */
	readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-account-'));
	readonly source: KubernetesEndpoints;
	readonly warnings: string[] = [];
	private readonly wheel = new TimerWheel(systemClock, 10, loopTimer());

	constructor(api: { readonly port: number }, options: WatchingOptions = {}) {
		const { scheme = 'http', clock = systemClock, timers = this.wheel, family = 'IPv4' } = options;
		const ignore = () => {};
		const log: Log = {
			debug: ignore,
			info: ignore,
			error: ignore,
			warn: ({ problem }) => this.warnings.push(String(problem)),
		};
		this.write('namespace', 'shop');
		this.source = new KubernetesEndpoints({
			access: { origin: `${scheme}://127.0.0.1:${api.port}`, folder: this.folder, family },
			clock,
			timers,
			random: new SeededRandom(7),
			breathe: options.breathe ?? breathe,
			log,
			pace: options.pace ?? { baseMs: 20, capMs: 200 },
		});
	}

	write(name: 'token' | 'ca.crt' | 'namespace', text: string): void {
		mkdirSync(this.folder, { recursive: true });
		writeFileSync(join(this.folder, name), text);
	}

	/** Starts to watch. */
	follow(service: string, rest: Partial<KubernetesSource> = {}): RecordingSink {
		const sink = new RecordingSink();
		sink.watch = this.source.watch({ is: 'kubernetes', service, namespace: 'shop', port: '', ...rest });
		sink.watch.start(sink);
		return sink;
	}

	stop(): void {
		this.source.stop();
		this.wheel.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** A slice of ready pods. */
export function slice(name: string, addresses: readonly string[], rest: Partial<PlannedSlice> = {}): SliceObject {
	return endpointSlice({ name, service: 'payments', endpoints: addresses.map((address) => ({ address })), ...rest });
}

export class ApiFixture {
	api: KubernetesApi;
	watching: Watching | null = null;

	constructor(options: ApiOptions) {
		this.api = new KubernetesApi(options);
	}

	begin = (options?: WatchingOptions): Watching => {
		this.watching ??= new Watching(this.api, options);
		return this.watching;
	};

	watched = (count = 1): Promise<void> => waitFor(`${count} watches`, () => this.api.watches.size === count);
}

/** A fresh server for each test of the file. */
export function withApi(options: () => ApiOptions = () => ({})): ApiFixture {
	const fixture = new ApiFixture({});
	beforeEach(async () => {
		fixture.api = new KubernetesApi(options());
		await fixture.api.start();
	});
	afterEach(async () => {
		fixture.watching?.stop();
		fixture.watching = null;
		await fixture.api.stop();
	});
	return fixture;
}
