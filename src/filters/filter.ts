/**
 * What a filter is: a step of a rule that looks at a request before it goes anywhere, or at a response before it goes
 * back. Filters are pure: they edit the head that they are given, or say what is to be done instead of going on.
 */
import type { Random } from '../clock.ts';
import type { HeaderValue, Match } from '../config/config.ts';
import type { ProxyError } from '../error.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';

/** What filters see of a request. The exchange is one. */
export interface FilteredRequest {
	/** To be edited in place; hop-by-hop fields are gone. */
	readonly head: RequestHead;
	/** The match of the rule that won: a prefix is replaced by it. */
	readonly match: Match;
	/** By which the client asked, as `trustedHops` has it. */
	readonly scheme: 'http' | 'https';
	/** Host and port that were asked for, before any rewrite. */
	readonly authority: string;
	/** Port of the listener that the request came in by. */
	readonly listenerPort: number;
	readonly peerAddress: string;
	/** Verified identity of the peer; `''` without one. */
	readonly principal: string;
	/** As `trustedHops` has it. */
	readonly clientAddress: string;
	readonly random: Random;
	/** What CORS says as `access-control-allow-origin`; `''`: nothing. Decided by it, before others edit the head. */
	allowedOrigin?: string | undefined;
	/** The entry of `authorization` that has refused it, for the log and the metrics alone; `''`: none. */
	deniedBy?: string;
	/** Those that would have, but for `dryRun`, separated by commas; `''`: none. */
	wouldBeDeniedBy?: string;
	/** Monotonic milliseconds. */
	now(): number;
}

/** A response that a rule makes by itself. It is no failure. */
export interface Answer {
	readonly kind: 'answer';
	/** What it is, for `proxy-status`, the log and the metrics. */
	readonly made: 'redirect' | 'direct_response' | 'cors_preflight';
	readonly status: number;
	readonly headers: readonly HeaderValue[];
	readonly body: string;
}

/** Go on after so many milliseconds. */
export interface Wait {
	readonly kind: 'wait';
	readonly ms: number;
}

/** `null`: go on. An error is answered with a local reply. */
export type Verdict = null | ProxyError | Answer | Wait;

export interface RequestFilter {
	onRequest(request: FilteredRequest): Verdict;
}

export interface ResponseFilter {
	/** Edits local replies as well, not only what a backend or a rule has answered. */
	readonly editsFailures: boolean;
	onResponse(head: ResponseHead, request: FilteredRequest): void;
}

/** The filters of a rule or a backend, in the order in which they run. */
export interface FilterChain {
	/** How many of the first request filters say whether there is anything to ask for; they run before any limit is looked at. */
	readonly gate: number;
	readonly request: readonly RequestFilter[];
	readonly response: readonly ResponseFilter[];
}
