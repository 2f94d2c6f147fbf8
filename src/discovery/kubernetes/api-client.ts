/**
 * Asks the Kubernetes API, with the pod's own credentials.
 *
 * Node's own client, though undici is what the sidecar speaks elsewhere (ADR 3): a cluster may come with a reload, while
 * requests are being served, and undici takes a turn of 60 ms or more to load, this one of 4. Loaded with the first question, and by
 * `require`: see `admin/control-server.ts`. HTTP/1.1 on purpose: a watch is one long answer, and there is one a namespace.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Clock } from '../../clock.ts';
import { breathe } from '../../io/breathe.ts';
import { type ClusterAccess, ServiceAccount } from './cluster-access.ts';
import { fieldsOf, textOf } from './slice.ts';

/** Of silence, until an answer begins: client-go's figure for a connection. */
const ANSWER_TIMEOUT_MS = 30_000;
/** A peer that is gone without a word is noticed by the system's probes, about 10 s after this silence. */
const TCP_KEEPALIVE_MS = 30_000;
/** A `Status` object is some hundred bytes. */
const MAX_STATUS_BYTES = 64 * 1024;
const UNAUTHORIZED = 401;

export interface ApiAnswer {
	readonly status: number;
	/** Seconds; `''`: not said. */
	readonly retryAfter: string;
	/** To be read to its end, or dropped by the signal. */
	readonly body: AsyncIterable<Uint8Array>;
}

export class ApiClient {
	readonly account: ServiceAccount;
	private readonly origin: URL;
	private agent: Agent | null = null;
	/** That the agent was made with. */
	private ca = '';
	private isClosed = false;

	constructor(access: ClusterAccess, clock: Clock) {
		this.origin = new URL(access.origin);
		this.account = new ServiceAccount(access, clock);
	}

	/** `path` with its query. A token that is turned down is read again, and the question asked once more. */
	async get(path: string, signal: AbortSignal): Promise<ApiAnswer> {
		const first = await this.ask(path, signal);
		if (first.status !== UNAUTHORIZED) return first;
		await statusMessage(first);
		this.account.forget();
		return this.ask(path, signal);
	}

	/** Ends every question under way. */
	close(): void {
		this.isClosed = true;
		this.drop();
	}

	private async ask(path: string, signal: AbortSignal): Promise<ApiAnswer> {
		const { token, ca } = await this.account.credentials();
		const agent = await this.agentFor(ca);
		if (this.isClosed) throw new Error('stopped');
		signal.throwIfAborted();
		const headers = {
			accept: 'application/json',
			'user-agent': 'outrigger',
			...(token === '' ? null : { authorization: `Bearer ${token}` }),
		};
		const { hostname, port } = this.origin;
		const options = {
			host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
			port,
			path,
			headers,
			signal,
			agent,
			timeout: ANSWER_TIMEOUT_MS,
		};
		const body = await answerTo(() => client(this.origin).request(options));
		return { status: body.statusCode ?? 0, retryAfter: body.headers['retry-after'] ?? '', body };
	}

	/** Other certificates are for other connections; a watch that runs keeps the one it has. */
	private async agentFor(ca: string): Promise<Agent> {
		if (this.agent !== null && this.ca === ca) return this.agent;
		if (this.agent !== null) retire(this.agent);
		this.ca = ca;
		const { Agent } = client(this.origin);
		const agent = new Agent({ keepAlive: true, ...(ca === '' ? null : { ca }) });
		this.agent = agent;
		// Loading takes some milliseconds, and the first question is not cheap either.
		await breathe();
		return agent;
	}

	private drop(): void {
		this.agent?.destroy();
		this.agent = null;
	}
}

function client({ protocol }: URL): typeof import('node:https') {
	const require = createRequire(import.meta.url);
	// What is used of the two is the same.
	return require(protocol === 'https:' ? 'node:https' : 'node:http') as typeof import('node:https');
}

/** The connections that it has end with their answers. */
function retire(agent: Agent): void {
	agent.maxFreeSockets = 0;
	for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** The beginning of an answer. A kept connection that breaks has been closed over there meanwhile: another one is asked. */
async function answerTo(send: () => ClientRequest): Promise<IncomingMessage> {
	for (;;) {
		const request = send();
		try {
			return await beginning(request);
		} catch (error) {
			if (!request.reusedSocket || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
		}
	}
}

function beginning(request: ClientRequest): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		request.on('error', reject);
		request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
		request.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE_MS));
		request.on('response', (answer) => {
			// Whoever asks has a deadline of its own.
			request.setTimeout(0);
			// It is told to whoever reads; nobody may be reading yet, or any more.
			answer.on('error', () => undefined);
			resolve(answer);
		});
		request.end();
	});
}

/** What an answer that is no success says: the message of its `Status`, or the beginning of whatever it is. */
export async function statusMessage({ body }: ApiAnswer): Promise<string> {
	const parts: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of body) {
		parts.push(chunk);
		bytes += chunk.length;
		if (bytes > MAX_STATUS_BYTES) break;
	}
	const text = Buffer.concat(parts).toString('utf8');
	try {
		return textOf(fieldsOf(JSON.parse(text))['message']) || text.slice(0, 200);
	} catch {
		return text.slice(0, 200);
	}
}
