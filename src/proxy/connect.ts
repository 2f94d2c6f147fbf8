/**
 * CONNECT from the app (RFC 9110 §9.3.6): it is not passed on. The tunnel ends here, at the endpoint that we would call for
 * any other request to that host, so the answer is ours: a connection has been opened.
 */
import { ResponseHead } from '../http/head.ts';
import type { UpstreamStream } from '../ports/stream.ts';
import type { Attempt } from './attempt.ts';
import type { ExchangeFacts } from './exchange-facts.ts';

/** Towards the app a CONNECT is a request like others: it may be a proxy itself. */
export function endsTunnel({ side, method }: Pick<ExchangeFacts, 'side' | 'method'>): boolean {
	return method === 'CONNECT' && side === 'outbound';
}

/** In place of the request's head. The connection must be a fresh one: its first byte is the client's. */
export function openTunnel(attempt: Attempt, stream: UpstreamStream): void {
	const head = new ResponseHead();
	head.status = 200;
	head.reason = 'Connection Established';
	stream.openTunnel(attempt);
	attempt.onHead(head);
}
