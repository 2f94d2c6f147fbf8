/** Verdicts of path normalisation on Envoy's tables. */
import { normalizePath } from '../../src/http/path.ts';
import { readRequests } from '../support/codec-transcript.ts';
import type { Judgement } from './judgement.ts';
import { loadSuite } from './load-suite.ts';

export interface PathCase {
	id: string;
	op: 'normalize_path_rfc3986' | 'merge_slashes' | 'remove_query_and_fragment';
	in: string;
	/** `null` when it must be refused. */
	out: string | null;
}

function ourPath(one: PathCase): string | null {
	if (one.op === 'normalize_path_rfc3986') return normalizePath(one.in);
	const text = `GET ${one.in} HTTP/1.1\r\nHost: suite.example\r\n\r\n`;
	const { messages } = readRequests(Buffer.from(text, 'latin1'));
	const path = /^path: (.*)$/m.exec(messages[0]?.head.join('\n') ?? '')?.[1];
	if (messages[0] === undefined) return null;
	const query = one.in.indexOf('?');
	return path ?? (query < 0 ? one.in : one.in.slice(0, query));
}

/** Accepted means: the same path comes out. Refused: no path at all, or the slashes are kept. */
export function judgePaths(): Judgement[] {
	return loadSuite<PathCase>('envoy-path').cases.map((one) => {
		const path = ourPath(one);
		const wanted = one.op === 'merge_slashes' ? (one.out?.replace(/\?.*$/, '') ?? null) : one.out;
		return {
			suite: 'envoy-path',
			id: one.id,
			expected: one.out === null ? 'refuse' : 'accept',
			verdict: path === null || path !== wanted ? 'refuse' : 'accept',
			problem: one.out === null && path !== null ? `comes out as ${path}` : '',
		};
	});
}
