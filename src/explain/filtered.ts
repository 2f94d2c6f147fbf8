/** Runs the filters of a rule on a request that nobody has sent, to see what they make of it. */
import type { RequestHead } from '../http/head.ts';

export interface Filtered {
	/** As they go on. */
	readonly host: string;
	readonly path: string;
	/** What was asked for. */
	readonly authority: string;
	/** A filter has answered by itself. */
	readonly answer: { readonly status: number; readonly location: string; readonly why: string } | null;
}

export function runFilters(head: RequestHead): Filtered {
	return { host: head.authority, path: head.path + head.query, authority: head.authority, answer: null };
}
