/** A service whose endpoints answer when the test says so, a rule that hedges its requests, and a sidecar in front of both. */
import { vi } from 'vitest';
import type { NamedService } from '../../src/app/named-service.ts';
import type { Snapshot } from '../../src/app/snapshot.ts';
import { Service } from '../../src/proxy/service.ts';
import { RawClient } from '../support/raw-client.ts';
import { type OriginConnection, RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { RunningSidecar, routeFile } from './running.ts';

/** A request as it came to one of the endpoints. */
export interface Arrival {
	readonly asked: WireMessage;
	readonly connection: OriginConnection;
	readonly origin: RecordingOrigin;
}

interface Inside {
	readonly named: ReadonlyMap<string, Pick<NamedService, 'service' | 'pools'>>;
}

export function ok(body: string): string {
	return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

export class HedgingFixture {
	readonly origins: readonly RecordingOrigin[];
	/** In the order in which they came, at whatever endpoint. */
	readonly arrivals: Arrival[] = [];
	/** Passes of the breaker that have not been answered. */
	passes = 0;
	/** Failures that the breaker has heard of. */
	readonly failures: string[] = [];
	private running: RunningSidecar | null = null;
	private readonly clients: RawClient[] = [];

	private constructor(origins: readonly RecordingOrigin[]) {
		this.origins = origins;
	}

	static async make(endpoints = 3): Promise<HedgingFixture> {
		const fixture = new HedgingFixture(
			await Promise.all(Array.from({ length: endpoints }, () => RecordingOrigin.start())),
		);
		for (const origin of fixture.origins) fixture.record(origin);
		fixture.watchService();
		return fixture;
	}

	private record(origin: RecordingOrigin): void {
		origin.follow({
			onRequest: (asked, connection) => {
				this.arrivals.push({ asked, connection, origin });
			},
		});
	}

	private watchService(): void {
		const fixture = this;
		const { allow, settle, forgive } = Service.prototype;
		vi.spyOn(Service.prototype, 'allow').mockImplementation(function (this: Service, now) {
			const refusal = allow.call(this, now);
			if (refusal === null) fixture.passes++;
			return refusal;
		});
		vi.spyOn(Service.prototype, 'settle').mockImplementation(function (this: Service, target, code, status, now) {
			fixture.passes--;
			if (code !== '') fixture.failures.push(code);
			settle.call(this, target, code, status, now);
		});
		vi.spyOn(Service.prototype, 'forgive').mockImplementation(function (this: Service, now) {
			fixture.passes--;
			forgive.call(this, now);
		});
	}

	/** The route file; `rule` is added to one for the host `s`, `service` to its service. */
	file(rule: object = {}, service: object = {}): string {
		const endpoints = this.origins.map(({ port }) => ({ address: `127.0.0.1:${port}` }));
		return routeFile(1, {
			services: { s: { hostnames: ['s'], endpoints, outlierDetection: 'off', ...service } },
			outbound: {
				listen: '127.0.0.1:0',
				unknownHosts: 'reject',
				routes: [
					{
						name: 'hedged',
						hostnames: ['s'],
						hedge: { after: '20ms', max: 1, budgetPercent: 100 },
						...rule,
					},
				],
			},
		});
	}

	async start(rule?: object, service?: object): Promise<RunningSidecar> {
		this.running = await RunningSidecar.start(this.file(rule, service), { waitForReady: false });
		return this.running;
	}

	get sidecar(): RunningSidecar {
		if (this.running === null) throw new Error('the sidecar has not been started');
		return this.running;
	}

	async connect(): Promise<RawClient> {
		const client = await RawClient.connect(this.sidecar.outboundPort);
		this.clients.push(client);
		return client;
	}

	/** Sends a request on a connection of its own. */
	async send(request: string | Buffer): Promise<RawClient> {
		const client = await this.connect();
		await client.send(request);
		return client;
	}

	/** The request that came as number `index`, from 0. */
	async arrival(index: number): Promise<Arrival> {
		await waitFor(`request ${index} at an endpoint`, () => this.arrivals.length > index);
		return this.arrivals[index] as Arrival;
	}

	/** Of all services of the file in force. */
	private get services(): Pick<NamedService, 'service' | 'pools'>[] {
		const { snapshot } = this.sidecar.app as unknown as { snapshot: Snapshot };
		return [snapshot.services.app, ...(snapshot.services as unknown as Inside).named.values()];
	}

	get taken(): Record<'passes' | 'requests' | 'attempts' | 'retries' | 'connections' | 'pending', number> {
		const sum = { passes: this.passes, requests: 0, attempts: 0, retries: 0, connections: 0, pending: 0 };
		for (const { service, pools } of this.services) {
			sum.requests += service.active;
			sum.retries += service.budget.active;
			for (const { active } of service.endpoints) sum.attempts += active;
			for (const { counts } of pools) {
				sum.connections += counts.active;
				sum.pending += counts.pending;
			}
		}
		return sum;
	}

	/** So many attempts are under way. */
	waitForAttempts(count: number): Promise<void> {
		return waitFor(`${count} attempts under way`, () => this.taken.attempts === count);
	}

	/** Everything that was taken has been given back. */
	async waitUntilQuiet(): Promise<void> {
		await waitFor(`nothing to be under way, but ${JSON.stringify(this.taken)}`, () =>
			Object.values(this.taken).every((count) => count === 0),
		);
	}

	async hedges(): Promise<{ won: number; lost: number; failed: number }> {
		const [won = 0, lost = 0, failed = 0] = await Promise.all(
			['won', 'lost', 'failed'].map((outcome) =>
				this.sidecar.metric('outrigger_hedges_total', { service: 's', outcome }),
			),
		);
		return { won, lost, failed };
	}

	skipped(reason: string): Promise<number> {
		return this.sidecar.metric('outrigger_hedges_skipped_total', { reason });
	}

	async stop(): Promise<void> {
		vi.restoreAllMocks();
		for (const client of this.clients.splice(0)) client.close();
		await this.running?.stop();
		this.running = null;
		await Promise.all(this.origins.map((origin) => origin.stop()));
	}
}
