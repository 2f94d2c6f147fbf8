/** A real app (`node:http`) that calls another service with undici, through the outbound port, while it answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';

/** How the app tells its call what it is for. */
export type Tracing =
	/** It passes on `traceparent` as it came. */
	| 'passes-on'
	/** It has spans of its own, in the same trace. */
	| 'own-spans'
	/** It passes nothing on. */
	| 'none';

export interface CallOptions {
	method?: string;
	tracing?: Tracing;
	headers?: Record<string, string>;
	body?: string;
}

export interface CallEnd {
	/** 0: it broke off. */
	readonly status: number;
	readonly headers: Record<string, string | string[] | undefined>;
	readonly body: string;
	readonly failure: string;
}

/** What the app does with a request; its calls go to `payments`. */
export type AppScript = (app: {
	request: IncomingMessage;
	response: ServerResponse;
	call(path: string, options?: CallOptions): Promise<CallEnd>;
}) => void | Promise<void>;

export class CallingApp {
	/** Of the calls that are over, in the order in which they ended. */
	readonly ends: CallEnd[] = [];
	outboundPort = 0;
	script: AppScript = ({ response }) => void response.end('ok');
	private readonly server: Server;
	private readonly agent = new Agent();

	private constructor(server: Server) {
		this.server = server;
	}

	static async start(): Promise<CallingApp> {
		const server = createServer();
		const app = new CallingApp(server);
		server.on('request', (asked, response) => {
			response.on('error', () => undefined);
			const call = (path: string, options?: CallOptions) => app.call(asked, path, options);
			void Promise.resolve(app.script({ request: asked, response, call })).catch(() => response.destroy());
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return app;
	}

	get port(): number {
		return (this.server.address() as AddressInfo).port;
	}

	private async call(asked: IncomingMessage, path: string, options: CallOptions = {}): Promise<CallEnd> {
		const { method = 'GET', tracing = 'passes-on', headers = {}, body = null } = options;
		const trace = traceOf(String(asked.headers['traceparent']), tracing);
		const end: CallEnd = await request(`http://127.0.0.1:${this.outboundPort}${path}`, {
			method: method as 'GET',
			headers: { host: 'payments', ...trace, ...headers },
			body,
			dispatcher: this.agent,
		})
			.then(async (answer) => ({
				status: answer.statusCode,
				headers: answer.headers,
				body: await answer.body.text(),
				failure: '',
			}))
			.catch((error: Error) => ({ status: 0, headers: {}, body: '', failure: error.message }));
		this.ends.push(end);
		return end;
	}

	async stop(): Promise<void> {
		const closed = new Promise((resolve) => this.server.close(resolve));
		this.server.closeAllConnections();
		await Promise.all([closed, this.agent.destroy()]);
	}
}

const APP_SPAN = '00f067aa0ba902b7';

function traceOf(traceparent: string, tracing: Tracing): Record<string, string> {
	switch (tracing) {
		case 'passes-on':
			return { traceparent };
		case 'own-spans':
			return { traceparent: traceparent.replace(/-[\da-f]{16}-/, `-${APP_SPAN}-`) };
		case 'none':
			return {};
	}
}
