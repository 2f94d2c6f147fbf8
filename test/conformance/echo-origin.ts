/**
 * Pods of the suite's echo server (kubernetes-sigs/gateway-api-conformance-images, `echo-basic`) in this process: each is a
 * server of `node:http` on a port of its own, and some are one of `node:https` on another, that answer with what they got.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../support/pki.ts';
import { portOf } from '../support/port-of.ts';

/** What a pod says that it got. */
export interface Echo {
	/** With its query. */
	readonly path: string;
	readonly host: string;
	readonly method: string;
	readonly proto: string;
	/** By name in lower case: the values of each line. */
	readonly headers: Readonly<Record<string, readonly string[]>>;
	readonly httpPort: string;
	readonly namespace: string;
	readonly ingress: string;
	readonly service: string;
	readonly pod: string;
	/** That the client of TLS has named; `''`: none, or plaintext. */
	readonly sni: string;
}

const NOT_FOUND_UUID = 'no uuid';
/** Where the suite's echo server speaks TLS. */
const SECURE_PORT = 8443;

export class EchoPod {
	readonly name: string;
	readonly namespace: string;
	/** What came here, for the checks of mirrors. */
	readonly received: Echo[] = [];
	readonly #server: Server;
	readonly #secureServer: Server | null;
	/** Failures so far, by uuid. */
	readonly #failures = new Map<string, number>();

	/** `identity`: of a pod that speaks TLS as well, on another port; `null`: of one that does not. */
	constructor(name: string, namespace: string, identity: Identity | null = null) {
		this.name = name;
		this.namespace = namespace;
		const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
		this.#server = createServer(answer);
		this.#secureServer =
			identity === null ? null : createSecureServer({ cert: identity.certificate, key: identity.key }, answer);
		// The sidecar, not the pod, decides when an idle connection is to end.
		for (const server of this.#servers) server.keepAliveTimeout = 0;
	}

	get #servers(): Server[] {
		return this.#secureServer === null ? [this.#server] : [this.#server, this.#secureServer];
	}

	get port(): number {
		return portOf(this.#server);
	}

	/** What stands for a container's port of the suite's echo server. */
	portFor(targetPort: number | undefined): number {
		return targetPort === SECURE_PORT && this.#secureServer !== null ? portOf(this.#secureServer) : this.port;
	}

	async start(): Promise<void> {
		await Promise.all(this.#servers.map(bind));
	}

	async stop(): Promise<void> {
		for (const server of this.#servers) server.closeAllConnections();
		await Promise.all(this.#servers.map(close));
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		request.resume();
		request.once('end', () => {
			const url = new URL(request.url ?? '/', 'http://echo.invalid');
			const echo = this.#echoOf(request);
			this.received.push(echo);
			setHeaders(response, request.headers['x-echo-set-header']);
			if (url.pathname.startsWith('/retry/')) this.#retry(request, response, url.searchParams, echo);
			else after(url.searchParams.get('delay'), () => send(response, statusOf(url.pathname), echo));
		});
	}

	/** The first `succeedAfter` requests of a uuid fail: with `responseCode`, or else by a reset of the connection. */
	#retry(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, echo: Echo): void {
		const uuid = query.get('uuid') ?? NOT_FOUND_UUID;
		const failures = this.#failures.get(uuid) ?? 0;
		if (failures >= Number(query.get('succeedAfter') ?? 0)) {
			send(response, 200, echo);
			return;
		}
		this.#failures.set(uuid, failures + 1);
		const code = query.get('responseCode');
		after(query.get('delayRetry'), () => {
			if (code === null) request.socket.resetAndDestroy();
			else send(response, Number(code), echo);
		});
	}

	#echoOf(request: IncomingMessage): Echo {
		const headers: Record<string, string[]> = {};
		for (let i = 0; i < request.rawHeaders.length; i += 2) {
			const name = (request.rawHeaders[i] ?? '').toLowerCase();
			const values = headers[name] ?? [];
			values.push(request.rawHeaders[i + 1] ?? '');
			headers[name] = values;
		}
		return {
			path: request.url ?? '',
			host: request.headers.host ?? '',
			method: request.method ?? '',
			proto: `HTTP/${request.httpVersion}`,
			headers,
			httpPort: String(this.port),
			namespace: this.namespace,
			ingress: '',
			service: '',
			pod: this.name,
			sni: sniOf(request),
		};
	}
}

function bind(server: Server): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
}

function close(server: Server): Promise<void> {
	return new Promise((resolve) => server.close(() => resolve()));
}

function sniOf({ socket }: IncomingMessage): string {
	const { servername } = socket as Partial<TLSSocket>;
	return typeof servername === 'string' ? servername : '';
}

function statusOf(path: string): number {
	const match = /^\/status\/(\d{3})$/.exec(path);
	return match === null ? 200 : Number(match[1]);
}

/** `a:b,c:d`, the case of names kept. */
function setHeaders(response: ServerResponse, asked: string | string[] | undefined): void {
	for (const pair of String(asked ?? '').split(',')) {
		const colon = pair.indexOf(':');
		if (colon > 0) response.appendHeader(pair.slice(0, colon).trim(), pair.slice(colon + 1).trim());
	}
}

function send(response: ServerResponse, status: number, echo: Echo): void {
	response.writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
	response.end(JSON.stringify(echo));
}

/** At once without a duration. */
function after(duration: string | null, run: () => void): void {
	const match = /^(\d+)(ms|s)$/.exec(duration ?? '');
	if (match === null) run();
	else setTimeout(run, Number(match[1]) * (match[2] === 's' ? 1000 : 1));
}
