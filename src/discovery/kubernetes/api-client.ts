/**
 * Asks the Kubernetes API, with the pod's own credentials.
 *
 * undici is loaded with the first question: a sidecar without a Kubernetes source never has it. HTTP/1.1 on purpose: a watch
 * is one long answer, and there is one a namespace.
 */
import type { Agent } from 'undici';
import type { Clock } from '../../clock.ts';
import { type ClusterAccess, ServiceAccount } from './cluster-access.ts';
import { fieldsOf, textOf } from './slice.ts';

/** client-go's figures. */
const CONNECT_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 30_000;
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
	private readonly origin: string;
	private agent: Agent | null = null;
	/** That the agent was made with. */
	private ca = '';
	private isClosed = false;

	constructor(access: ClusterAccess, clock: Clock) {
		this.origin = access.origin;
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
		signal.throwIfAborted();
		const { statusCode, headers, body } = await agent.request({
			origin: this.origin,
			path,
			method: 'GET',
			headers: {
				accept: 'application/json',
				'user-agent': 'outrigger',
				...(token === '' ? null : { authorization: `Bearer ${token}` }),
			},
			signal,
			headersTimeout: HEADERS_TIMEOUT_MS,
			// Whoever asks has a deadline of its own.
			bodyTimeout: 0,
		});
		return { status: statusCode, retryAfter: String(headers['retry-after'] ?? ''), body };
	}

	/** Other certificates are for other connections; a watch that runs keeps the one it has. */
	private async agentFor(ca: string): Promise<Agent> {
		if (this.agent !== null && this.ca === ca) return this.agent;
		const undici = await import('undici');
		if (this.isClosed) throw new Error('stopped');
		this.agent?.close().catch(() => undefined);
		this.ca = ca;
		const tls = ca === '' ? null : { ca };
		const connect = { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS, ...tls };
		this.agent = new undici.Agent({ allowH2: false, connect });
		return this.agent;
	}

	private drop(): void {
		this.agent?.destroy().catch(() => undefined);
		this.agent = null;
	}
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
