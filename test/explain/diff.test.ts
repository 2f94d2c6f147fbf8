import { describe, expect, it } from 'vitest';
import type { Side } from '../../src/config/config.ts';
import { diffRoutes, type RouteDiff } from '../../src/explain/diff.ts';
import { diffText } from '../../src/explain/diff-text.ts';
import { type RecordedFate, recordedFate, recordedRequest } from '../../src/explain/recorded-head.ts';
import { Redaction } from '../../src/explain/redaction.ts';
import { askable } from './parsed-file.ts';

const inbound = (...routes: string[]): string =>
	`inbound:\n  listen: 8000\n  unmatched: reject\n  routes:\n${routes.map((route) => `    - ${route}\n`).join('')}`;

function received(target: string, fields: Readonly<Record<string, string>> = {}, side: Side = 'inbound') {
	const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
	return { side, text: `GET ${target} HTTP/1.1\r\nHost: shop\r\n${lines.join('')}\r\n`, route: '', status: 200 };
}

async function diff(before: string, after: string, heads: readonly ReturnType<typeof received>[]): Promise<RouteDiff> {
	const old = await askable(before);
	const next = await askable(after);
	const redaction = new Redaction(old.config);
	const recorded = heads
		.map((head) => recordedFate(head, redaction, old.explainer))
		.filter((fate): fate is RecordedFate => fate !== null);
	return diffRoutes(recorded, next.config, next.explainer, next.file.compileRegex);
}

describe('a recorded head', () => {
	const redaction = new Redaction({
		telemetry: { redact: { headers: ['authorization'], query: ['token'] } } as never,
	});

	it('is told without its secrets', () => {
		const head = received('/a/../b?token=1&x=2', { Authorization: 'Basic abc', 'X-A': '1' });
		expect(recordedRequest({ ...head, route: 'b' }, redaction)).toEqual({
			side: 'inbound',
			method: 'GET',
			host: 'shop',
			path: '/b?token=***&x=2',
			headers: [
				{ name: 'authorization', value: '***' },
				{ name: 'x-a', value: '1' },
			],
			route: 'b',
			status: 200,
		});
	});

	it('is told with the service by whose port it came', () => {
		const head = { ...received('/', {}, 'outbound'), service: 'b' };
		expect(recordedRequest(head, redaction)).toMatchObject({ side: 'outbound', service: 'b' });
		expect(recordedRequest({ ...head, service: '' }, redaction)).not.toHaveProperty('service');
	});

	it('is left out when it was malformed', () => {
		expect(recordedRequest(received('/%zz'), redaction)).toBeNull();
	});
});

describe('another file', () => {
	it('is asked by the port by which a request came', async () => {
		const file = (name: string, listen: string) =>
			`services: { ${name}: { ${listen} hostnames: [x], endpoints: [{ address: "127.0.0.1:1" }] } }\n`;
		const own = file('b', 'listen: 127.0.0.1:7001,');
		const heads = [{ ...received('/', {}, 'outbound'), service: 'b' }];
		expect((await diff(own, own, heads)).changed).toBe(0);
		const [group] = (await diff(own, file('b', ''), heads)).groups;
		expect(group?.changes).toMatchObject([{ what: 'goes to', before: 'to b', after: 'refused' }]);
	});

	it('changes nothing for requests that are treated alike', async () => {
		const before = inbound('{ name: a, matches: [{ path: /a }] }');
		const after = inbound('{ name: a, matches: [{ path: /a }] }', '{ name: b, matches: [{ path: /b }] }');
		const found = await diff(before, after, [received('/a'), received('/c')]);
		expect(found).toEqual({ requests: 2, changed: 0, groups: [], untold: [] });
		expect(diffText(found)).toBe('2 recorded requests: nothing would change\n');
	});

	it('changes rule, backends, status and policy, told in groups with their counts', async () => {
		const services = 'services: { b: { hostnames: [b], endpoints: [{ address: "127.0.0.1:1" }] } }\n';
		const before = inbound('{ name: a, matches: [{ path: /a }], timeouts: { request: 1s } }') + services;
		const after =
			inbound(
				'{ name: a2, matches: [{ path: /a }], timeouts: { request: 2s }, backendRefs: [{ name: app, weight: 3 }, { name: b }] }',
				'{ name: c, matches: [{ path: /c }], directResponse: { status: 410 } }',
			) + services;
		const found = await diff(before, after, [received('/a/1'), received('/c'), received('/a/2'), received('/d')]);
		expect(found).toEqual({
			requests: 4,
			changed: 3,
			groups: [
				{
					count: 2,
					example: 'GET http://shop/a/1',
					changes: [
						{ what: 'rule', before: 'a', after: 'a2' },
						{ what: 'goes to', before: 'to app', after: 'to app 75 %, b 25 %' },
						{ what: 'timeouts.request', before: '1s', after: '2s' },
					],
				},
				{
					count: 1,
					example: 'GET http://shop/c',
					changes: [
						{ what: 'rule', before: 'none', after: 'c' },
						{ what: 'goes to', before: 'refused with 404 no_route', after: 'answered with 410' },
						{ what: 'answer', before: '', after: '410 with no body' },
					],
				},
			],
			untold: [],
		});
		expect(diffText(found)).toContain('2 × such as GET http://shop/a/1\n  rule              a → a2\n');
	});

	it('changes where each request goes on to, in one group', async () => {
		const rewrite = (prefix: string): string =>
			inbound(
				`{ name: a, matches: [{ path: /a }], filters: [{ urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: ${prefix} } } }] }`,
			);
		const found = await diff(rewrite('/x'), rewrite('/y'), [received('/a/1'), received('/a/2')]);
		expect(found.groups).toMatchObject([
			{
				count: 2,
				changes: [
					{ what: 'goes on as', before: 'shop/x/1', after: 'shop/y/1' },
					{ what: 'rewrite', before: 'prefix becomes /x', after: 'prefix becomes /y' },
				],
			},
		]);
	});

	it('changes the policy of a service', async () => {
		const service = (timeout: string): string =>
			`inbound: { listen: 8000, service: { connect: { timeout: ${timeout} } } }\n`;
		const found = await diff(service('1s'), service('2s'), [received('/')]);
		expect(found.groups).toMatchObject([{ changes: [{ what: 'app connect.timeout', before: '1s', after: '2s' }] }]);
	});
});

describe('what was not recorded', () => {
	const any = '{ name: any }';
	const secret = '{ name: secret, matches: [{ path: /a, headers: { authorization: "Basic abc" } }] }';

	it.each([
		['a header', secret, received('/a', { Authorization: 'Basic abc' }), 'header authorization'],
		[
			'a query parameter',
			'{ name: secret, matches: [{ queryParams: { token: "1" } }] }',
			received('/a?token=1'),
			'query parameter token',
		],
		[
			'an expression that takes the mask',
			'{ name: secret, matches: [{ headers: [{ name: authorization, type: RegularExpression, value: ".*" }] }] }',
			received('/a', { Authorization: 'Basic abc' }),
			'header authorization',
		],
	])('is not guessed: %s', async (_, rule, head, what) => {
		const found = await diff(inbound(any, rule), inbound(any, rule), [head]);
		expect(found).toMatchObject({
			changed: 0,
			untold: [{ count: 1, why: `rule \`secret\` asks for ${what}, whose value was not recorded` }],
		});
		expect(diffText(found)).toContain('cannot be told: rule `secret` asks for');
	});

	it.each([
		['the rule does not take the path', received('/b', { Authorization: 'Basic abc' }), secret],
		['the request has no such header', received('/a'), secret],
		[
			'another rule goes before it',
			received('/a', { Authorization: 'Basic abc' }),
			'{ name: exact, matches: [{ path: "= /a" }] }\n    - { name: secret, matches: [{ headers: { authorization: x } }] }',
		],
	])('does not matter where %s', async (_, head, rule) => {
		const found = await diff(inbound(any, rule), inbound(any, rule), [head]);
		expect(found).toEqual({ requests: 1, changed: 0, groups: [], untold: [] });
	});
});
