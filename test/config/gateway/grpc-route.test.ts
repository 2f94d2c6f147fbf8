import { describe, expect, it } from 'vitest';
import { configOf, document, mistakesIn } from './parsed.ts';

const grpcRoute = (spec: string): string => document('GRPCRoute', 'g', spec);
const matchesOf = (matches: string) =>
	configOf(grpcRoute(`rules: [{ ${matches}backendRefs: [{ name: orders }] }]`)).inbound.routes[0]?.matches.map(
		({ path, methods, headers }) => [
			path.type,
			path.value,
			...methods,
			...headers.map(({ name, value }) => `${name}=${value}`),
		],
	);

describe('a match of a GRPCRoute is one of HTTP', () => {
	it.each([
		[
			'a service and a method',
			'{ method: { service: shop.Orders, method: Get } }',
			['Exact', '/shop.Orders/Get', 'POST'],
		],
		['a service', '{ method: { service: shop.Orders } }', ['PathPrefix', '/shop.Orders', 'POST']],
		['a method', '{ method: { method: Get } }', ['RegularExpression', '/[^/]+/Get', 'POST']],
		[
			'expressions',
			'{ method: { type: RegularExpression, service: "a|b", method: "G.*" } }',
			['RegularExpression', '/(?:a|b)/(?:G.*)', 'POST'],
		],
		[
			'one expression',
			'{ method: { type: RegularExpression, method: "G.*" } }',
			['RegularExpression', '/[^/]+/(?:G.*)', 'POST'],
		],
		['headers', '{ headers: [{ name: Version, value: two }] }', ['PathPrefix', '/', 'POST', 'version=two']],
		['nothing', '{}', ['PathPrefix', '/', 'POST']],
	])('of %s', (_, match, expected) => {
		expect(matchesOf(`matches: [${match}], `)).toEqual([expected]);
	});

	it('of every call when there is none', () => {
		expect(matchesOf('')).toEqual([['PathPrefix', '/', 'POST']]);
		expect(configOf(grpcRoute('hostnames: [a.b]')).inbound.routes).toMatchObject([
			{ origin: 'GRPCRoute shop/g', hostnames: ['a.b'], matches: [{ methods: ['POST'] }], backendRefs: [] },
		]);
	});
});

describe('mistakes are told in the words of the document', () => {
	const G = 'GRPCRoute shop/g';
	it.each<[what: string, spec: string, ...mistakes: string[]]>([
		[
			'neither service nor method',
			'rules: [{ matches: [{ method: {} }] }]',
			`5:25 \`${G}: spec.rules[0].matches[0].method\` has neither \`service\` nor \`method\` | at least one of them`,
		],
		[
			'a service that is none',
			'rules: [{ matches: [{ method: { service: /a } }] }]',
			`5:44 \`${G}: spec.rules[0].matches[0].method.service\` is not the name of a gRPC service | letters, digits and \`_\``,
		],
		[
			'a method that is none',
			'rules: [{ matches: [{ method: { method: a.b } }] }]',
			`5:43 \`${G}: spec.rules[0].matches[0].method.method\` is not the name of a gRPC method | letters, digits and \`_\``,
		],
		[
			'a method of HTTP',
			'rules: [{ matches: [{ method: GET }] }]',
			`5:33 \`${G}: spec.rules[0].matches[0].method\` is not a mapping | a mapping with one of \`type\`, \`service\`, \`method\``,
		],
		[
			'a type',
			'rules: [{ matches: [{ method: { type: Prefix, method: a } }] }]',
			`5:41 \`${G}: spec.rules[0].matches[0].method.type\` is not one of its values | one of \`Exact\`, \`RegularExpression\``,
		],
		[
			'an expression',
			'rules: [{ matches: [{ method: { type: RegularExpression, method: "(" } }] }]',
			`5:33 \`${G}: spec.rules[0].matches[0].method\` is not a regular expression: error parsing regexp: missing closing ): \`/[^/]+/(?:()\` | the syntax of RE2: no look-around, no back-references`,
		],
		[
			'a path',
			'rules: [{ matches: [{ path: /a }] }]',
			`5:25 unknown key \`path\` in \`${G}: spec.rules[0].matches[0]\` | one of \`method\`, \`headers\``,
		],
		[
			'timeouts',
			'rules: [{ timeouts: { request: 1s } }]',
			`5:13 unknown key \`timeouts\` in \`${G}: spec.rules[0]\` | one of \`name\`, \`matches\`, \`filters\`, \`backendRefs\`, \`sessionPersistence\``,
		],
		[
			'a filter of HTTP',
			'rules: [{ filters: [{ type: URLRewrite, urlRewrite: { hostname: a.b } }] }]',
			`5:31 \`${G}: spec.rules[0].filters[0].type\` is no filter of a \`GRPCRoute\` | one of \`RequestHeaderModifier\`, \`ResponseHeaderModifier\`, \`RequestMirror\`, \`ExtensionRef\``,
		],
	])('%s', (_, spec, ...mistakes) => {
		expect(mistakesIn(grpcRoute(spec))).toEqual(mistakes);
	});
});
