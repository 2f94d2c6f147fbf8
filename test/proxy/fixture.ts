/** One test's origin, sidecar and clients, and what must be true of the sidecar once nothing is under way. */
import type { AppService } from '../../src/app/app-service.ts';
import type { Front } from '../../src/app/front.ts';
import type { Snapshot } from '../../src/app/snapshot.ts';
import type { Listener } from '../../src/listener/listener.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { RunningSidecar, routeFile } from './running.ts';

/** The inside of the composition root, for looking only. */
interface Inside {
	readonly parts: AppService;
	readonly listener: Listener;
}

export class Fixture {
	readonly origin: RecordingOrigin;
	readonly appPort: number;
	private running: RunningSidecar | null = null;
	private readonly clients: RawClient[] = [];

	private constructor(origin: RecordingOrigin) {
		this.origin = origin;
		this.appPort = origin.port;
	}

	static async make(): Promise<Fixture> {
		return new Fixture(await RecordingOrigin.start());
	}

	/** `more` as in `routeFile`. The connection of the readiness check is forgotten. */
	async start(
		more: Parameters<typeof routeFile>[1] = {},
		options: Parameters<typeof RunningSidecar.start>[1] = {},
	): Promise<RunningSidecar> {
		this.running = await RunningSidecar.start(routeFile(this.appPort, more), options);
		this.origin.forget();
		return this.running;
	}

	get sidecar(): RunningSidecar {
		if (this.running === null) throw new Error('the sidecar has not been started');
		return this.running;
	}

	get inside(): Inside {
		const { snapshot, inbound } = this.sidecar.app as unknown as { snapshot: Snapshot; inbound: Front };
		return { parts: snapshot.services.app, listener: inbound.listener };
	}

	async connect(): Promise<RawClient> {
		const client = await RawClient.connect(this.sidecar.port);
		this.clients.push(client);
		return client;
	}

	/** One request on a connection of its own, and its answer. */
	async ask(request: string | Buffer, method = 'GET') {
		const client = await this.connect();
		await client.send(request);
		return client.readResponse(method);
	}

	/** Everything that was taken has been given back. */
	async waitUntilQuiet(): Promise<void> {
		const { parts } = this.inside;
		const state = () => ({
			requests: parts.service.active,
			retries: parts.service.budget.active,
			connections: parts.pool.counts.active,
			pending: parts.pool.counts.pending,
		});
		await waitFor(`nothing to be under way, but ${JSON.stringify(state())}`, () =>
			Object.values(state()).every((count) => count === 0),
		);
	}

	async stop(): Promise<void> {
		for (const client of this.clients.splice(0)) client.close();
		await this.running?.stop();
		this.running = null;
		await this.origin.stop();
	}
}

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
