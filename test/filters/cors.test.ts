import { describe, expect, it } from 'vitest';
import type { CorsFilter } from '../../src/config/config.ts';
import { Cors } from '../../src/filters/cors.ts';
import type { FilteredRequest } from '../../src/filters/filter.ts';
import type { Field } from '../http/parsed-headers.ts';
import { answered, fieldsOf, requestOf, responseOf } from './filtered-request.ts';

const NOTHING: CorsFilter = {
	type: 'CORS',
	allowOrigins: [],
	allowMethods: [],
	allowHeaders: [],
	exposeHeaders: [],
	allowCredentials: false,
	maxAge: 5,
};
/** The rules of the Gateway API's conformance test. */
const LISTED: CorsFilter = {
	...NOTHING,
	allowOrigins: ['https://www.foo.com', 'https://*.bar.com'],
	allowMethods: ['GET', 'OPTIONS'],
	allowHeaders: ['x-header-1', 'x-header-2'],
	exposeHeaders: ['x-header-3', 'x-header-4'],
	allowCredentials: true,
	maxAge: 3600,
};
const ANY_METHOD: CorsFilter = { ...NOTHING, allowOrigins: ['https://www.foo.com'], allowMethods: ['*'] };
const ANY_ORIGIN: CorsFilter = { ...NOTHING, allowOrigins: ['*'], allowMethods: ['PUT'] };
const ANYTHING: CorsFilter = { ...NOTHING, allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'] };
const ANYTHING_WITH_COOKIES: CorsFilter = { ...ANYTHING, allowCredentials: true };

const OTHER = 'https://other.foo.com';

function preflight(origin: string, method: string, headers = ''): FilteredRequest {
	const names = headers === '' ? [] : [`access-control-request-headers: ${headers}`];
	return requestOf(['OPTIONS /', 'host: a', `Origin: ${origin}`, `Access-Control-Request-Method: ${method}`, ...names]);
}

function asked(filter: CorsFilter, request: FilteredRequest): Record<string, string> {
	return answered(new Cors(filter).onRequest(request));
}

/** The fields of a response to a request that the filter has seen. */
function responded(
	filter: CorsFilter,
	request: FilteredRequest,
	fields: readonly Field[] = [],
): Record<string, string> {
	const cors = new Cors(filter);
	expect(cors.onRequest(request)).toBeNull();
	const head = responseOf(fields);
	cors.onResponse(head, request);
	return fieldsOf(head.headers);
}

function from(origin: string, ...lines: string[]): FilteredRequest {
	return requestOf(['GET /', 'host: a', `origin: ${origin}`, ...lines]);
}

describe('a preflight', () => {
	it.each(['https://www.foo.com', 'https://www.bar.com', 'https://xpto.www.bar.com'])(
		'from %s is allowed',
		(origin) => {
			expect(asked(LISTED, preflight(origin, 'GET', 'x-header-1, x-header-2'))).toEqual({
				status: '204',
				'access-control-allow-origin': origin,
				'access-control-allow-credentials': 'true',
				'access-control-allow-methods': 'GET, OPTIONS',
				'access-control-allow-headers': 'x-header-1, x-header-2',
				'access-control-expose-headers': 'x-header-3, x-header-4',
				'access-control-max-age': '3600',
				vary: 'origin',
			});
		},
	);

	it.each(['https://foobar.com', 'null', 'https://www.foo.com:8443', '', 'https://www.foo.com, https://www.foo.com'])(
		'from %j is answered without a permission',
		(origin) => {
			expect(asked(LISTED, preflight(origin, 'GET'))).toEqual({ status: '204', vary: 'origin' });
		},
	);

	it('from two origins at once is from none', () => {
		const lines = ['OPTIONS /', 'host: a', 'access-control-request-method: GET'];
		const twice = requestOf([...lines, 'origin: https://www.foo.com', 'origin: https://www.foo.com']);
		expect(asked(LISTED, twice)).toEqual({ status: '204', vary: 'origin' });
	});

	it('gets the method it asks for when every method is allowed', () => {
		expect(asked(ANY_METHOD, preflight('https://www.foo.com', 'POST'))).toEqual({
			status: '204',
			'access-control-allow-origin': 'https://www.foo.com',
			'access-control-allow-methods': 'POST',
			'access-control-max-age': '5',
			vary: 'origin, access-control-request-method',
		});
	});

	it.each(['https://foobar.com', 'https://foobar.com:12345', 'null'])(
		'from %s gets `*` when every origin may',
		(origin) => {
			expect(asked(ANY_ORIGIN, preflight(origin, 'PUT'))).toEqual({
				status: '204',
				'access-control-allow-origin': '*',
				'access-control-allow-methods': 'PUT',
				'access-control-max-age': '5',
			});
		},
	);

	it('never gets `*` with credentials', () => {
		const filter = { ...ANYTHING_WITH_COOKIES, exposeHeaders: ['*'] };
		const answer = asked(filter, preflight(OTHER, 'PUT', 'x-header-1,authorization'));
		expect(answer).toEqual({
			status: '204',
			'access-control-allow-origin': OTHER,
			'access-control-allow-credentials': 'true',
			'access-control-allow-methods': 'PUT',
			'access-control-allow-headers': 'x-header-1,authorization',
			'access-control-max-age': '5',
			vary: 'origin, access-control-request-method, access-control-request-headers',
		});
	});

	it('gets no field about what it does not ask', () => {
		expect(asked(ANYTHING_WITH_COOKIES, preflight(OTHER, 'PUT'))).not.toHaveProperty('access-control-allow-headers');
	});

	it.each([['x: y'], ['x-a, x-b; injected'], ['x-a,,x-b'], ['x-a, '.repeat(2000).concat('x')], ['"quoted"'], ['x-a,']])(
		'gets nothing back that is no list of names: %.20s',
		(headers) => {
			const answer = asked(ANYTHING_WITH_COOKIES, preflight(OTHER, 'a b', headers));
			expect(answer).not.toHaveProperty('access-control-allow-headers');
			expect(answer).not.toHaveProperty('access-control-allow-methods');
			expect(answer).toMatchObject({ status: '204', 'access-control-allow-origin': OTHER });
		},
	);

	it('from an endless origin is harmless', () => {
		expect(asked(ANYTHING_WITH_COOKIES, preflight(`https://${'a.'.repeat(32_768)}b`, 'GET'))['status']).toBe('204');
		const twice = ['\x80'.repeat(9), 'https://\xff', 'https://a\tb'].map((origin) => preflight(origin, 'GET'));
		for (const request of twice) {
			expect(asked(ANYTHING_WITH_COOKIES, request)).not.toHaveProperty('access-control-allow-origin');
		}
	});

	it.each([
		['GET /', 'origin: https://www.foo.com', 'access-control-request-method: GET'],
		['OPTIONS /', 'origin: https://www.foo.com'],
		['OPTIONS /', 'access-control-request-method: GET'],
		['OPTIONS *', 'origin: https://www.foo.com'],
	])('is not %s with %s %s', (target, ...fields) => {
		expect(new Cors(LISTED).onRequest(requestOf([target, 'host: a', ...fields]))).toBeNull();
	});

	it('keeps its fields when its answer goes through the filters for responses', () => {
		const cors = new Cors(LISTED);
		const request = preflight('https://www.foo.com', 'GET');
		cors.onRequest(request);
		const head = responseOf([['access-control-allow-methods', 'GET']], 204);
		cors.onResponse(head, request);
		expect(fieldsOf(head.headers)).toEqual({ 'access-control-allow-methods': 'GET' });
	});
});

describe('a response', () => {
	it('may be read by an allowed origin', () => {
		expect(responded(LISTED, from('https://www.bar.com'), [['content-type', 'text/plain']])).toEqual({
			'content-type': 'text/plain',
			'access-control-allow-origin': 'https://www.bar.com',
			'access-control-allow-credentials': 'true',
			'access-control-expose-headers': 'x-header-3, x-header-4',
			vary: 'origin',
		});
	});

	it('has the fields of the rule in place of the backend’s', () => {
		const backends: readonly Field[] = [
			['Access-Control-Allow-Origin', '*'],
			['access-control-allow-origin', 'https://evil.example'],
			['Access-Control-Allow-Credentials', 'true'],
			['Access-Control-Expose-Headers', 'x-secret'],
			['Access-Control-Allow-Methods', 'DELETE'],
			['Access-Control-Max-Age', '86400'],
			['access-control-allow-private-network', 'true'],
			['Access-Controlled', 'yes'],
		];
		const own = { 'access-controlled': 'yes', vary: 'origin' };
		expect(responded(ANY_METHOD, from('https://www.foo.com'), backends)).toEqual({
			...own,
			'access-control-allow-origin': 'https://www.foo.com',
		});
		expect(responded(ANY_METHOD, from('https://evil.example'), backends)).toEqual(own);
		expect(responded(ANY_METHOD, requestOf(['GET /', 'host: a']), backends)).toEqual(own);
	});

	it('loses what another filter has added, too', () => {
		const cors = new Cors(LISTED);
		const request = from('https://evil.example');
		const head = responseOf([]);
		head.headers.append('Access-Control-Allow-Origin', '*');
		head.headers.append('x-a', '1');
		head.headers.append('access-control-max-age', '1');
		cors.onResponse(head, request);
		expect(fieldsOf(head.headers)).toEqual({ 'x-a': '1', vary: 'origin' });
	});

	it('loses what several filters have added under one name', () => {
		const head = responseOf([]);
		const added = ['x-a', 'access-control-max-age', 'x-b', 'Access-Control-Max-Age', 'access-control-allow-origin'];
		for (const name of added) head.headers.append(name, '1');
		new Cors(LISTED).onResponse(head, from(OTHER));
		expect(fieldsOf(head.headers)).toEqual({ 'x-a': '1', 'x-b': '1', vary: 'origin' });
	});

	it('is the same for all when every origin may read it', () => {
		const expected = { 'access-control-allow-origin': '*' };
		expect(responded(ANYTHING, from(OTHER))).toEqual(expected);
		expect(responded(ANYTHING, requestOf(['GET /', 'host: a']))).toEqual(expected);
	});

	it('names the origin when credentials go with it', () => {
		expect(responded(ANYTHING_WITH_COOKIES, from(OTHER))).toEqual({
			'access-control-allow-origin': OTHER,
			'access-control-allow-credentials': 'true',
			vary: 'origin',
		});
	});

	it('exposes all of its fields by name where `*` would not', () => {
		const filter = { ...ANYTHING_WITH_COOKIES, exposeHeaders: ['*'] };
		const fields: readonly Field[] = [
			['X-One', '1'],
			['Set-Cookie', 'a=b'],
			['X-One', '2'],
		];
		const exposed = responded(filter, from(OTHER), fields)['access-control-expose-headers'];
		expect(exposed).toBe('x-one, vary, access-control-allow-origin, access-control-allow-credentials');
		const plain = responded({ ...filter, allowCredentials: false }, from(OTHER), fields);
		expect(plain['access-control-expose-headers']).toBe('*');
	});

	it.each([
		['accept, Origin', 'accept, Origin'],
		['*', '*'],
		['accept-encoding', 'accept-encoding,origin'],
		['x-origin', 'x-origin,origin'],
	])('varies by origin, said once: %s', (said, expected) => {
		expect(responded(LISTED, from('https://evil.example'), [['Vary', said]])).toEqual({ vary: expected });
	});

	it('is judged by the origin that came, whatever was made of it for the backend', () => {
		const cors = new Cors(LISTED);
		const request = from('https://www.foo.com');
		cors.onRequest(request);
		request.head.headers.set('origin', 'https://backend.internal');
		const head = responseOf([]);
		cors.onResponse(head, request);
		expect(fieldsOf(head.headers)['access-control-allow-origin']).toBe('https://www.foo.com');
	});

	it('that the sidecar made before any filter ran is judged all the same', () => {
		const cors = new Cors(LISTED);
		expect(cors.editsFailures).toBe(true);
		const head = responseOf([], 413);
		cors.onResponse(head, from('https://www.foo.com'));
		expect(fieldsOf(head.headers)['access-control-allow-origin']).toBe('https://www.foo.com');
	});
});
