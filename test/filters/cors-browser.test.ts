/** A browser (the Fetch standard, read plainly) before the filter: it shall do what the route file says, no less, no more. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CorsFilter } from '../../src/config/config.ts';
import { Cors } from '../../src/filters/cors.ts';
import { answered, fieldsOf, requestOf, responseOf } from './filtered-request.ts';

interface Call {
	readonly origin: string;
	readonly method: string;
	/** Fields that are not safelisted; in lower case and sorted, as browsers send them. */
	readonly headers: readonly string[];
	readonly withCredentials: boolean;
}

type Fields = Readonly<Record<string, string | undefined>>;

const SAFELISTED_METHODS = ['GET', 'HEAD', 'POST'];

function wordsOf(value: string | undefined): string[] {
	return value === undefined ? [] : value.split(',').map((word) => word.trim());
}

/** "CORS check" */
function mayRead({ origin, withCredentials }: Call, fields: Fields): boolean {
	const allowed = fields['access-control-allow-origin'];
	if (!withCredentials && allowed === '*') return true;
	if (allowed !== origin) return false;
	return !withCredentials || fields['access-control-allow-credentials'] === 'true';
}

/** "CORS-preflight fetch", steps 6 and 7. */
function mayAsk(call: Call, fields: Fields): boolean {
	if (!mayRead(call, fields)) return false;
	const methods = wordsOf(fields['access-control-allow-methods']);
	const names = wordsOf(fields['access-control-allow-headers']).map((name) => name.toLowerCase());
	const takesAll = (words: string[]) => words.includes('*') && !call.withCredentials;
	if (!SAFELISTED_METHODS.includes(call.method) && !methods.includes(call.method) && !takesAll(methods)) return false;
	return call.headers.every((name) => names.includes(name) || (name !== 'authorization' && takesAll(names)));
}

/** The whole of it: the preflight if one is needed, then the request. */
function browserReads(filter: CorsFilter, call: Call): boolean {
	const cors = new Cors(filter);
	if (!SAFELISTED_METHODS.includes(call.method) || call.headers.length > 0) {
		const lines = ['OPTIONS /', 'host: a', `origin: ${call.origin}`, `access-control-request-method: ${call.method}`];
		if (call.headers.length > 0) lines.push(`access-control-request-headers: ${call.headers.join(',')}`);
		if (!mayAsk(call, answered(cors.onRequest(requestOf(lines))))) return false;
	}
	const request = requestOf([`${call.method} /`, 'host: a', `origin: ${call.origin}`]);
	expect(cors.onRequest(request)).toBeNull();
	// A backend with opinions of its own.
	const head = responseOf([
		['Access-Control-Allow-Origin', call.origin],
		['Access-Control-Allow-Credentials', 'true'],
	]);
	cors.onResponse(head, request);
	return mayRead(call, fieldsOf(head.headers));
}

/** What the route file says. */
function isMeant(filter: CorsFilter, { origin, method, headers, withCredentials }: Call): boolean {
	const has = (words: readonly string[], word: string) => words.includes('*') || words.includes(word);
	if (!has(filter.allowOrigins, origin) || (withCredentials && !filter.allowCredentials)) return false;
	if (!SAFELISTED_METHODS.includes(method) && !has(filter.allowMethods, method)) return false;
	return headers.every((name) => has(filter.allowHeaders, name));
}

const ORIGINS = ['https://a.example', 'https://b.example', 'http://a.example:8080', 'null'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const NAMES = ['authorization', 'content-type', 'x-a'];
const listed = (words: readonly string[]) => fc.oneof(fc.subarray([...words]), fc.constant(['*']));

const FILTER: fc.Arbitrary<CorsFilter> = fc.record({
	type: fc.constant('CORS'),
	allowOrigins: listed(ORIGINS.filter((origin) => origin !== 'null')),
	allowMethods: listed(METHODS),
	allowHeaders: listed(NAMES),
	exposeHeaders: listed(['x-b']),
	allowCredentials: fc.boolean(),
	maxAge: fc.nat(10),
});
const CALL: fc.Arbitrary<Call> = fc.record({
	origin: fc.constantFrom(...ORIGINS),
	method: fc.constantFrom(...METHODS),
	headers: fc.subarray(NAMES),
	withCredentials: fc.boolean(),
});

it('a script reads exactly what the route file lets it read', () => {
	fc.assert(
		fc.property(FILTER, CALL, (filter, call) => {
			expect(browserReads(filter, call)).toBe(isMeant(filter, call));
		}),
		{ numRuns: 1000 },
	);
});
