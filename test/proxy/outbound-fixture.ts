/** An app, a service that it calls, and a sidecar between them. */
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { type Recorded, RunningSidecar, routeFile } from './running.ts';

/** Top-level blocks of a route file; what is said of `outbound` is added to the defaults of the tests. */
interface RouteFile {
	readonly services?: object;
	readonly outbound?: object;
	readonly [key: string]: unknown;
}

export function at(port: number): object {
	return { address: `127.0.0.1:${port}` };
}

export class OutboundFixture {
	readonly app: RecordingOrigin;
	readonly payments: RecordingOrigin;
	readonly clients: RawClient[] = [];
	private running: RunningSidecar | null = null;

	private constructor(app: RecordingOrigin, payments: RecordingOrigin) {
		this.app = app;
		this.payments = payments;
	}

	static async make(): Promise<OutboundFixture> {
		const [app, payments] = await Promise.all([RecordingOrigin.start(), RecordingOrigin.start()]);
		return new OutboundFixture(app, payments);
	}

	/** The service is `payments`, other hosts are refused; unless told otherwise. */
	file({ services, outbound, ...more }: RouteFile = {}): string {
		const hostnames = ['payments', 'payments.shop.svc'];
		return routeFile(this.app.port, {
			services: services ?? { payments: { hostnames, endpoints: [at(this.payments.port)] } },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject', ...outbound },
			...more,
		});
	}

	async start(more?: RouteFile, options?: { waitForReady?: boolean }): Promise<RunningSidecar> {
		this.running = await RunningSidecar.start(this.file(more), options);
		this.app.forget();
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

	/** One request on a connection of its own, and its answer. */
	async ask(request: string, method = 'GET'): Promise<WireMessage> {
		const client = await this.connect();
		await client.send(request);
		return client.readResponse(method);
	}

	get(host: string, path = '/'): Promise<WireMessage> {
		return this.ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
	}

	/** Of requests that are over: one at least. */
	records(count = 1): Promise<Recorded[]> {
		return this.sidecar.waitForRecords(count);
	}

	async stop(): Promise<void> {
		for (const client of this.clients.splice(0)) client.close();
		await this.running?.stop();
		this.running = null;
		await Promise.all([this.app.stop(), this.payments.stop()]);
	}
}

/** The JSON body of a local reply. */
export function jsonOf({ body }: WireMessage): unknown {
	return JSON.parse(body.toString());
}
