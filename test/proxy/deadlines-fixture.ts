/** A client, a real app in the middle that calls `payments`, and a sidecar on both of its sides. */
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { type CallEnd, CallingApp } from './calling-app.ts';
import { type Recorded, RunningSidecar, routeFile, type StartOptions } from './running.ts';

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

	async start({ edit = (config) => config, ...rules }: Rules & StartOptions = {}): Promise<RunningSidecar> {
		this.running = await RunningSidecar.start(this.file(rules), { edit });
		const { outbound, services } = this.running.app.bound;
		this.app.outboundPort = (outbound ?? services.get('payments'))?.port ?? 0;
		return this.running;
	}

	file({ inbound, outbound, deadlines, app = {}, payments, hasPortOnly = false }: Rules = {}): string {
		const endpoints = [{ address: `127.0.0.1:${this.payments.port}` }];
		const listen = '127.0.0.1:0';
		return routeFile(this.app.port, {
			inbound: { service: app, routes: [{ name: 'in', ...inbound }] },
			services: { payments: { hostnames: ['payments'], endpoints, ...payments, ...(hasPortOnly && { listen }) } },
			...(!hasPortOnly && { outbound: { listen, deadlines, routes: [{ name: 'out', ...outbound }] } }),
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

/** The only rule of each side, and how the app and `payments` are called. */
interface Rules {
	readonly inbound?: object;
	readonly outbound?: object;
	readonly deadlines?: object;
	readonly app?: object;
	readonly payments?: object;
	/** Calls go through a port of the service `payments`; there is no `outbound`. */
	readonly hasPortOnly?: boolean;
}
