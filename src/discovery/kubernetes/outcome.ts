/** How a question to the API ended, and how long to wait before the next one. */
import type { Random } from '../../clock.ts';
import { type ApiAnswer, statusMessage } from './api-client.ts';
import { fieldsOf, textOf } from './slice.ts';

export interface Failed {
	readonly is: 'failed';
	readonly reason: string;
	/** Milliseconds that the server asked us to wait; 0: it did not. */
	readonly waitMs: number;
	/** What we know may be wrong. */
	readonly mustList: boolean;
}

export type Outcome =
	/** The watch is over, as every watch is after a while: go on from where it was. */
	| { readonly is: 'ended' }
	/** The versions that we know are forgotten there (410 Gone): list anew. */
	| { readonly is: 'expired' }
	| Failed;

export const ENDED: Outcome = { is: 'ended' };
export const EXPIRED: Outcome = { is: 'expired' };

const FORBIDDEN = 403;
const NOT_FOUND = 404;
const GONE = 410;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
/** "Too large resource version": a server that knows less than we do, as after a restore. */
const GATEWAY_TIMEOUT = 504;

export function failed(reason: string, mustList = false, waitMs = 0): Failed {
	return { is: 'failed', reason, waitMs, mustList };
}

/** No answer came. */
export function thrown(error: unknown): Failed {
	if (!(error instanceof Error)) return failed(String(error));
	// Of several addresses that were tried, Node.js says nothing but the code.
	const { code } = error as NodeJS.ErrnoException;
	const reason = error.name === 'AbortError' ? 'no answer in time' : error.message || String(code ?? error.name);
	return failed(reason);
}

/** An answer that is no 200. */
export async function refusal(answer: ApiAnswer, namespace: string): Promise<Outcome> {
	const { status } = answer;
	const message = await statusMessage(answer);
	if (status === GONE) return EXPIRED;
	const waitMs = /^\d{1,6}$/.test(answer.retryAfter) ? Number(answer.retryAfter) * 1000 : 0;
	return failed(`${status} ${message}${advice(status, namespace)}`, status === GATEWAY_TIMEOUT, waitMs);
}

/** The object of an ERROR event, a `Status`. */
export function errorEvent(object: unknown): Outcome {
	const { code, reason, message } = fieldsOf(object);
	if (code === GONE || reason === 'Expired' || reason === 'Gone') return EXPIRED;
	const isPassing = code === TOO_MANY_REQUESTS || (typeof code === 'number' && code >= SERVER_ERROR);
	return failed(`the watch broke: ${textOf(message) || String(code)}`, !isPassing);
}

function advice(status: number, namespace: string): string {
	if (status === FORBIDDEN) {
		return (
			`; the service account needs a Role in namespace ${namespace} with ` +
			'{apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]} (docs/how-to/kubernetes.md)'
		);
	}
	return status === NOT_FOUND ? '; discovery.k8s.io/v1 came with Kubernetes 1.21' : '';
}

/** Times in milliseconds. Those of client-go. */
export interface Pace {
	/** The first wait comes within it. */
	readonly baseMs: number;
	readonly capMs: number;
}

export const DEFAULT_PACE: Pace = { baseMs: 800, capMs: 30_000 };

/** Full jitter: whoever was cut off together does not come back together. `failures` counts those in a row, from 0. */
export function waitAfter(outcome: Outcome, failures: number, random: Random, { baseMs, capMs }: Pace): number {
	const jitter = random.next() * Math.min(capMs, baseMs * 2 ** failures);
	const asked = outcome.is === 'failed' ? Math.min(outcome.waitMs, capMs) : 0;
	return asked === 0 ? jitter : asked + random.next() * Math.min(baseMs, asked);
}
