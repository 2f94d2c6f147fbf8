import { describe, expect, it } from 'vitest';
import type { Filter, HeaderFilter } from '../../src/config/config.ts';
import { compileBackendFilters, compileFilters, NO_POLICIES } from '../../src/filters/chain.ts';
import type { FilterChain, RequestFilter } from '../../src/filters/filter.ts';
import { ruleOf } from '../support/rule.ts';
import { fieldsOf, NO_EDITS, requestOf, responseOf } from './filtered-request.ts';

const POLICY: RequestFilter = { onRequest: () => null };
const CORS: Filter = {
	type: 'CORS',
	allowOrigins: ['*'],
	allowMethods: [],
	allowHeaders: [],
	exposeHeaders: [],
	allowCredentials: false,
	maxAge: 5,
};
const REDIRECT: Filter = {
	type: 'RequestRedirect',
	scheme: 'https',
	hostname: '',
	port: 0,
	path: null,
	statusCode: 302,
};
const REWRITE: Filter = { type: 'URLRewrite', hostname: 'b', path: null };
const REQUEST_EDITS: HeaderFilter = { ...NO_EDITS, type: 'RequestHeaderModifier' };
const RESPONSE_EDITS: HeaderFilter = { ...NO_EDITS, type: 'ResponseHeaderModifier', remove: ['x-a'] };
const MIRROR: Filter = {
	type: 'RequestMirror',
	backend: { label: 'a', service: 'a', subset: '', port: 0, invalid: '' },
	share: 1,
};
const DIRECT = { status: 200, body: 'ok', headers: [] };

function namesOf(chain: FilterChain | null): string[] {
	const name = (filter: object) => (filter === POLICY ? 'policy' : filter.constructor.name);
	return chain === null ? ['none'] : [...chain.request.map(name), '|', ...chain.response.map(name)];
}

describe('the filters of a rule', () => {
	it('are none when there is nothing to do', () => {
		expect(compileFilters(ruleOf(), NO_POLICIES)).toBeNull();
		expect(compileFilters(ruleOf({ filters: [MIRROR] }), NO_POLICIES)).toBeNull();
		expect(compileBackendFilters([])).toBeNull();
	});

	it('stand in one order, whatever the file’s', () => {
		const filters = [RESPONSE_EDITS, REQUEST_EDITS, MIRROR, REWRITE, REDIRECT, CORS];
		const expected = [
			'Cors',
			'policy',
			'RequestRedirect',
			'DirectResponder',
			'UrlRewrite',
			'RequestHeaderModifier',
			'|',
			'ResponseHeaderModifier',
			'Cors',
		];
		for (const order of [filters, filters.toReversed()]) {
			expect(
				namesOf(
					compileFilters(ruleOf({ filters: order, directResponse: DIRECT }), { authorization: [], limits: [POLICY] }),
				),
			).toEqual(expected);
		}
	});

	it('are policy alone where there is no other', () => {
		expect(namesOf(compileFilters(ruleOf(), { authorization: [], limits: [POLICY] }))).toEqual(['policy', '|']);
	});

	it('of headers run in the order of the file', () => {
		const add = (value: string): HeaderFilter => ({ ...REQUEST_EDITS, add: [{ name: 'x', value }] });
		const chain = compileFilters(ruleOf({ filters: [add('1'), add('2')] }), NO_POLICIES);
		const request = requestOf(['GET /', 'host: a']);
		for (const filter of chain?.request ?? []) filter.onRequest(request);
		expect(fieldsOf(request.head.headers)['x']).toBe('1,2');
	});

	it('edit local replies for CORS alone', () => {
		const own = (chain: FilterChain | null) => chain?.response.map(({ editsFailures }) => editsFailures);
		const filters = [RESPONSE_EDITS, CORS];
		expect(own(compileFilters(ruleOf({ filters }), NO_POLICIES))).toEqual([false, true]);
		expect(own(compileFilters(ruleOf({ filters, directResponse: DIRECT }), NO_POLICIES))).toEqual([false, true]);
		expect(own(compileFilters(ruleOf({ filters: [...filters, REDIRECT] }), NO_POLICIES))).toEqual([false, true]);
	});

	it('share one CORS between both directions', () => {
		const chain = compileFilters(ruleOf({ filters: [CORS] }), NO_POLICIES);
		expect(chain?.request[0]).toBe(chain?.response[0]);
	});
});

it('the filters of a backend are the same, without policy', () => {
	const chain = compileBackendFilters([RESPONSE_EDITS, REQUEST_EDITS, MIRROR, REDIRECT]);
	expect(namesOf(chain)).toEqual(['RequestRedirect', 'RequestHeaderModifier', '|', 'ResponseHeaderModifier']);
	const head = responseOf([['X-A', '1']]);
	for (const filter of chain?.response ?? []) filter.onResponse(head, requestOf(['GET /']));
	expect(fieldsOf(head.headers)).toEqual({});
});
