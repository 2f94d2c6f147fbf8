/** Runs the real filters of a rule on a request that nobody has sent, to see what they make of it. */
import type { Random } from '../clock.ts';
import type { Match, Rule } from '../config/config.ts';
import { ProxyError } from '../error.ts';
import type { AuthorizationFilter } from '../filters/authorization.ts';
import { compileBackendFilters, compileFilters } from '../filters/chain.ts';
import type { Answer, FilteredRequest } from '../filters/filter.ts';
import { copyForNextHop, isForHttps, type RequestHead } from '../http/head.ts';
import { stripRequestHopByHop } from '../http/hop-by-hop.ts';
import { Guard, type Judged, judgedBy, LOOPBACK } from './judged.ts';

export interface Filtered {
	readonly method: string;
	/** What was asked for. */
	readonly authority: string;
	/** An https URL was asked for. */
	readonly isTls: boolean;
	/** As they go on. */
	readonly host: string;
	/** With its query. */
	readonly path: string;
	/** A filter has answered by itself; `null`: the request goes on. */
	readonly answer: (Pick<Answer, 'status' | 'made'> & { readonly location: string }) | null;
	/** What authorization made of it. */
	readonly judged: Judged;
}

/** How a request is said to have come, and what it meets. */
type Asked = Pick<FilteredRequest, 'listenerPort' | 'scheme'> & {
	readonly authorization: readonly AuthorizationFilter[];
};

/** No filter that runs here draws lots: rate limits and faults are told, not run. */
const NO_RANDOM: Random = { next: () => 0, hex: () => '', uuid: () => '' };

/** The rule's, then those of the backend if there is but one to go to. `received` stays as it is. */
export function runFilters(rule: Rule, match: Match, received: RequestHead, asked: Asked): Filtered {
	const { listenerPort, scheme, authorization } = asked;
	const head = copyForNextHop(received);
	stripRequestHopByHop(head);
	const { authority } = received;
	const request: FilteredRequest = {
		head,
		match,
		scheme,
		authority,
		listenerPort,
		peerAddress: LOOPBACK,
		principal: '',
		clientAddress: LOOPBACK,
		random: NO_RANDOM,
		now: () => 0,
	};
	const guards = authorization.map((filter) => new Guard(filter));
	const answer = answerOf(rule, request, guards);
	return {
		method: head.method,
		authority,
		isTls: isForHttps(received),
		host: head.authority,
		path: head.path + head.query,
		answer,
		judged: judgedBy(guards),
	};
}

function answerOf(rule: Rule, request: FilteredRequest, guards: readonly Guard[]): Filtered['answer'] {
	const taking = rule.backendRefs.filter(({ weight }) => weight > 0);
	const ofBackend = taking.length === 1 ? (taking[0]?.filters ?? []) : [];
	const chains = [compileFilters(rule, { authorization: guards, limits: [] }), compileBackendFilters(ofBackend)];
	for (const filter of chains.flatMap((chain) => chain?.request ?? [])) {
		const verdict = filter.onRequest(request);
		if (verdict instanceof ProxyError && verdict.code === 'not_authorized') return null;
		if (verdict === null || verdict instanceof ProxyError || verdict.kind === 'wait') continue;
		const location = verdict.headers.find(({ name }) => name === 'location')?.value ?? '';
		return { status: verdict.status, made: verdict.made, location };
	}
	return null;
}
