/** A request as filters see it, parsed from its text; and heads in forms that are easy to compare. */
import type { HeaderEdits, Match } from '../../src/config/config.ts';
import type { FilteredRequest } from '../../src/filters/filter.ts';
import { ResponseHead } from '../../src/http/head.ts';
import type { HeaderList } from '../../src/http/header-list.ts';
import { stripRequestHopByHop } from '../../src/http/hop-by-hop.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { type Field, parsedHeaders } from '../http/parsed-headers.ts';
import { SeededRandom } from '../support/seeded-random.ts';

export const NO_EDITS: HeaderEdits = { set: [], add: [], remove: [] };

export function prefix(value: string): Match {
	return { path: { type: 'PathPrefix', value }, methods: [], headers: [], queryParams: [] };
}

/** `lines`: the request line without version (`GET /a`), then fields (`host: a`). */
export function requestOf(lines: readonly string[], parts: Partial<FilteredRequest> = {}): FilteredRequest {
	const [start = '', ...fields] = lines;
	const version = fields.some((field) => /^host:/i.test(field)) ? '1.1' : '1.0';
	const bytes = Buffer.from(`${[`${start} HTTP/${version}`, ...fields].join('\r\n')}\r\n\r\n`, 'latin1');
	let fault = '';
	const parser = new RequestParser(
		{
			onRequestHead: () => undefined,
			onBody: () => undefined,
			onMessageEnd: () => undefined,
			onParseError: (error) => {
				fault = error.detail;
			},
		},
		{ ...DEFAULT_HEAD_LIMITS, headerBytes: 256 * 1024 },
	);
	parser.feed(bytes, 0, bytes.length);
	if (fault !== '') throw new Error(`${start}: ${fault}`);
	stripRequestHopByHop(parser.head);
	return {
		head: parser.head,
		match: prefix('/'),
		scheme: 'http',
		authority: parser.head.authority,
		listenerPort: 8000,
		peerAddress: '127.0.0.1',
		principal: '',
		clientAddress: '127.0.0.1',
		random: new SeededRandom(1),
		now: () => 0,
		...parts,
	};
}

export function responseOf(fields: readonly Field[], status = 200): ResponseHead {
	const head = new ResponseHead();
	head.status = status;
	return Object.assign(head, { headers: parsedHeaders(fields) });
}

/** Values by lower-case name, the lines of one name joined by `,` as the conformance tests compare them. */
export function fieldsOf(headers: HeaderList): Record<string, string> {
	const all: Record<string, string> = {};
	headers.forEach((written, value) => {
		const name = written.toLowerCase();
		all[name] = name in all ? `${all[name]},${value}` : value;
	});
	return all;
}

/** What an answer says in its fields; throws for any other verdict. */
export function answered(verdict: unknown): Record<string, string> & { status: string } {
	if (!isAnswer(verdict)) throw new Error(`no answer: ${JSON.stringify(verdict)}`);
	return {
		status: String(verdict.status),
		...Object.fromEntries(verdict.headers.map(({ name, value }) => [name, value])),
	};
}

function isAnswer(verdict: unknown): verdict is { status: number; headers: { name: string; value: string }[] } {
	return typeof verdict === 'object' && verdict !== null && 'kind' in verdict && verdict.kind === 'answer';
}
