/** A client, a real app in the middle that calls `payments`, and a sidecar on both of its sides. */
import type { Config, OutboundConfig } from '../../src/config/config.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { type CallEnd, CallingApp } from './calling-app.ts';
import { type Recorded, RunningSidecar, routeFile } from './running.ts';

type Deadlines = Partial<OutboundConfig['deadlines']>;

export class DeadlinesFixture {
	readonly app: CallingApp;
	readonly payments: RecordingOrigin;
	private readonly clients: RawClient[] = [];
	private running: RunningSidecar | null = null;

	private constructor(app: CallingApp, payments: RecordingOrigin) {
		this.app = app;
		this.payments = payments;
	}

	static async make(): Promise<DeadlinesFixture> {
		const [app, payments] = await Promise.all([CallingApp.start(), RecordingOrigin.start()]);
		return new DeadlinesFixture(app, payments);
	}

	/** `inbound` and `outbound`: the only rule of each side. */
	async start({ inbound = {}, outbound = {}, deadlines = {} }: Rules = {}): Promise<RunningSidecar> {
		this.running = await RunningSidecar.start(this.file(inbound, outbound), { edit: withDeadlines(deadlines) });
		this.app.outboundPort = this.running.outboundPort;
		return this.running;
	}

	file(inbound: object = {}, outbound: object = {}): string {
		return routeFile(this.app.port, {
			inbound: { routes: [{ name: 'in', ...inbound }] },
			services: { payments: { hostnames: ['payments'], endpoints: [{ address: `127.0.0.1:${this.payments.port}` }] } },
			outbound: { listen: '127.0.0.1:0', routes: [{ name: 'out', ...outbound }] },
		});
	}

	get sidecar(): RunningSidecar {
		if (this.running === null) throw new Error('the sidecar has not been started');
		return this.running;
	}

	/** A client of the app whose request is under way. */
	async ask(fields = '', path = '/'): Promise<RawClient> {
		const client = await RawClient.connect(this.sidecar.port);
		this.clients.push(client);
		await client.send(`GET ${path} HTTP/1.1\r\nHost: shop\r\n${fields}\r\n`);
		return client;
	}

	/** The record of the call, once it is over. */
	async call(): Promise<Recorded> {
		const find = () => this.sidecar.records.find(({ side }) => side === 'outbound');
		await waitFor('the record of the call', () => find() !== undefined);
		return find() as Recorded;
	}

	/** What the app saw of its call. */
	async callEnd(): Promise<CallEnd> {
		await waitFor('the end of the call', () => this.app.ends.length > 0);
		return this.app.ends[0] as CallEnd;
	}

	async stop(): Promise<void> {
		for (const client of this.clients) client.close();
		await this.running?.stop();
		await Promise.all([this.app.stop(), this.payments.stop()]);
	}
}

interface Rules {
	readonly inbound?: object;
	readonly outbound?: object;
	readonly deadlines?: Deadlines;
}

export function withDeadlines(deadlines: Deadlines): (config: Config) => Config {
	return (config) => {
		const { outbound } = config;
		if (outbound === null) return config;
		return { ...config, outbound: { ...outbound, deadlines: { ...outbound.deadlines, ...deadlines } } };
	};
}
