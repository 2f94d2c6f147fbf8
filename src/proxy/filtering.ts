/** Runs a chain of filters over an exchange. */
import { ProxyError } from '../error.ts';
import type { FilterChain, RequestFilter, ResponseFilter } from '../filters/filter.ts';
import type { ResponseHead } from '../http/head.ts';
import { NO_TUNNEL_STATUS, promisesTunnel } from '../http/own-response.ts';
import type { Exchange } from './exchange.ts';
import type { StickySessions } from './sticky-sessions.ts';

/** The first of the request's side: whether the caller may ask at all. False when it has been answered. */
export function passesGate(x: Exchange, chain: FilterChain | null): boolean {
	return chain === null || chain.gate === 0 || passesUntil(x, chain, chain.gate);
}

/**
 * The request's side, from where it stopped. False when it goes no further: the exchange has been answered, or waits and
 * will be asked again.
 */
export function passes(x: Exchange, chain: FilterChain | null): boolean {
	return chain === null || passesUntil(x, chain, chain.request.length);
}

function passesUntil(x: Exchange, { request }: FilterChain, end: number): boolean {
	while (x.filtersRun < end) {
		const verdict = (request[x.filtersRun++] as RequestFilter).onRequest(x);
		if (verdict === null) continue;
		if (!(verdict instanceof ProxyError) && verdict.kind === 'wait') x.delay(verdict.ms);
		else if (promisesTunnel(x.method, verdict.status)) x.reply(noTunnel());
		else if (verdict instanceof ProxyError) x.reply(verdict);
		else x.answerWith(verdict);
		return false;
	}
	return true;
}

function noTunnel(): ProxyError {
	const detail = 'CONNECT asks for a tunnel, and the rule answers by itself with a 2xx, which opens none';
	return new ProxyError('bad_request', detail, { status: NO_TUNNEL_STATUS });
}

/** The response's side: the backend's own filters first. `isFailure`: it is a local reply. */
export function editResponse(x: Exchange, head: ResponseHead, isFailure: boolean): void {
	const ofBackend = x.backend?.filters ?? null;
	if (ofBackend !== null) edit(x, ofBackend, head, isFailure);
	const ofRule = x.matched?.filters ?? null;
	if (ofRule !== null) edit(x, ofRule, head, isFailure);
	const sessions = x.matched?.sessions ?? null;
	if (sessions !== null && !isFailure) keepSession(x, sessions, head);
}

/** Only for what a backend has answered: who else could go on with the session? */
function keepSession(x: Exchange, sessions: StickySessions, head: ResponseHead): void {
	const { answering, backend, session } = x;
	const endpoint = answering?.target ?? null;
	if (backend === null || endpoint === null) return;
	sessions.keep(head.headers, { backend, endpoint }, session, x.scheme === 'https', x.context.clock.wall());
}

function edit(x: Exchange, { response }: FilterChain, head: ResponseHead, isFailure: boolean): void {
	for (let i = 0; i < response.length; i++) {
		const filter = response[i] as ResponseFilter;
		if (!isFailure || filter.editsFailures) filter.onResponse(head, x);
	}
}
