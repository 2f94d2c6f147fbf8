import { describe, expect, it } from 'vitest';
import { type AskedRequest, parseAsked, type WayIn, wayIn } from '../../src/explain/asked-request.ts';
import type { Explanation } from '../../src/explain/explain.ts';
import { explanationText } from '../../src/explain/explain-text.ts';
import { type AskableFile, askable } from './parsed-file.ts';

function asked(
	line: string,
	headers: Readonly<Record<string, string>> = {},
	side: WayIn['side'] = 'inbound',
	service = '',
) {
	const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
	const request = parseAsked(line, fields, wayIn(side, service));
	if (request === null) throw new Error(`${line} is no request`);
	return request;
}

function explain({ explainer }: Pick<AskableFile, 'explainer'>, request: AskedRequest, limit = 10): Explanation {
	const slices = explainer.explain(request, limit);
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

it.each([
	[0, 'http://b/x'],
	[1, 'https://b/x'],
])('tells where a redirect leads by the scheme that a believed proxy tells (%i)', async (hops, location) => {
	const rule = 'inbound: { listen: 1111, routes: [{ filters: [{ requestRedirect: { hostname: b } }] }] }\n';
	const file = await askable(`trustedHops: ${hops}\n${rule}`);
	const request = asked('GET http://a/x', { 'x-forwarded-proto': 'https' });
	expect(explain(file, request).outcome.location).toBe(location);
});

it.each([
	['passthrough', 'https://other.example/', { kind: 'refused', status: 400, code: 'bad_request' }],
	['passthrough', 'http://other.example/', { kind: 'passthrough' }],
	['reject', 'https://other.example/', { kind: 'refused', status: 502, code: 'unknown_host' }],
	['passthrough', 'https://b.example/', { kind: 'backends', backends: [{ label: 'b' }] }],
])('tells of a recorded call where URLs of https lead (%s, %s)', async (unknownHosts, url, outcome) => {
	const service =
		'services: { b: { hostnames: [b.example], ports: { tls: 443 }, endpoints: [{ address: "10.0.0.1:1" }] } }\n';
	const { explainer } = await askable(
		`outbound: { listen: 127.0.0.1:15001, unknownHosts: ${unknownHosts} }\n${service}`,
	);
	const text = `GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`;
	expect(explainer.evaluateText({ side: 'outbound' }, text).fate.outcome).toMatchObject(outcome);
});

describe('what happens', () => {
	const services =
		'services: { b: { hostnames: [b.svc], ports: { http: 81 }, endpoints: [{ address: "127.0.0.1:1" }] } }\n';

	it.each([
		['no rule, to the app', '', 'GET /x', { kind: 'backends', backends: [{ label: 'app', percent: 100 }] }],
		[
			'no rule, refused',
			'inbound: { listen: 1111, unmatched: reject }\n',
			'GET /x',
			{ kind: 'refused', status: 404, code: 'no_route' },
		],
		[
			'CONNECT to a rule that answers by itself, refused',
			'inbound: { listen: 1111, routes: [{ directResponse: { status: 200 } }] }\n',
			'CONNECT db:5432',
			{ kind: 'refused', status: 501, code: 'bad_request' },
		],
		[
			'weights',
			`inbound: { listen: 1111, routes: [{ backendRefs: [{ name: app, weight: 3 }, { name: b, weight: 1 }, { name: app, weight: 0 }] }] }\n${services}`,
			'GET /x',
			{
				kind: 'backends',
				backends: [
					{ label: 'app', percent: 75 },
					{ label: 'b', percent: 25 },
					{ label: 'app', percent: 0 },
				],
			},
		],
		[
			'all weights 0',
			'inbound: { listen: 1111, routes: [{ backendRefs: [{ name: app, weight: 0 }] }] }\n',
			'GET /x',
			{ kind: 'refused', status: 500, code: 'no_backend', why: 'all of its backends have weight 0' },
		],
		[
			'a fault for everybody',
			'inbound: { listen: 1111, routes: [{ fault: { abort: { status: 418, percent: 100 } } }] }\n',
			'GET /x',
			{ kind: 'refused', status: 418, code: 'fault_injected' },
		],
		['bytes', 'inbound: { listen: 1111 }\npassthrough: true\n', 'GET /x', { kind: 'bytes' }],
		[
			'a preflight, even with a fault for everybody',
			'inbound: { listen: 1111, routes: [{ fault: { abort: { status: 418, percent: 100 } }, filters: [{ cors: { allowOrigins: ["*"] } }] }] }\n',
			'OPTIONS /x',
			{ kind: 'answer', status: 204, why: 'the rule answers CORS preflights' },
		],
		[
			'a redirect of the only backend',
			`inbound: { listen: 1111, routes: [{ backendRefs: [{ name: b, filters: [{ requestRedirect: { hostname: c } }] }] }] }\n${services}`,
			'GET http://a:82/x?token=1',
			{ kind: 'answer', status: 302, location: 'http://c:82/x?token=***' },
		],
	])('%s', async (_, more, line, outcome) => {
		const preflight = line.startsWith('OPTIONS') ? { origin: 'http://o', 'access-control-request-method': 'PUT' } : {};
		expect(explain(await askable(more), asked(line, preflight)).outcome).toMatchObject(outcome);
	});

	it.each([
		[
			'a service by its host and port',
			'passthrough',
			'http://b.svc:81/',
			{ kind: 'backends', backends: [{ label: 'b' }] },
		],
		['another port of it', 'passthrough', 'http://b.svc/', { kind: 'passthrough' }],
		['in any case, with a dot', 'reject', 'http://B.SVC.:81/', { kind: 'backends' }],
		['an unknown host, refused', 'reject', 'http://c/', { kind: 'refused', status: 502, code: 'unknown_host' }],
	])('outbound: %s', async (_, unknownHosts, line, outcome) => {
		const file = await askable(`outbound: { listen: "127.0.0.1:2222", unknownHosts: ${unknownHosts} }\n${services}`);
		expect(explain(file, asked(line, {}, 'outbound')).outcome).toMatchObject(outcome);
	});

	describe('by the port of a service', () => {
		const entries =
			'services: { a: { endpoints: [{ address: "127.0.0.1:1" }] }, b: { listen: 127.0.0.1:7001, hostnames: [b.svc], endpoints: [{ address: "127.0.0.1:1" }] } }\n';
		const rules =
			'outbound: { listen: 127.0.0.1:2222, unknownHosts: reject, routes: [ { name: up, hostnames: [up], filters: [{ requestRedirect: { statusCode: 301 } }] }, { name: slow, hostnames: [slow], timeouts: { request: 9s } }, { name: a, hostnames: [a], backendRefs: [{ name: a }] }] }\n';
		const toB = { kind: 'backends', why: 'it comes by its port', backends: [{ label: 'b', percent: 100 }] };

		it.each([
			['any host, to it', entries, 'GET http://127.0.0.1:7001/', toB, null],
			['a host that is unknown at the outbound port', entries + rules, 'GET http://other/', toB, null],
			['CONNECT', entries + rules, 'CONNECT other:443', toB, null],
			['a rule that goes by host', entries + rules, 'GET http://slow/', toB, 'slow'],
			['a rule with a backend', entries + rules, 'GET http://a/', { backends: [{ label: 'a' }], why: '' }, 'a'],
			['a rule that answers', entries + rules, 'GET http://up/', { location: 'http://up/' }, 'up'],
		])('%s', async (_, more, line, outcome, winner) => {
			const explanation = explain(await askable(more), asked(line, {}, 'outbound', 'b'));
			expect(explanation.outcome).toMatchObject(outcome);
			expect(explanation.winner?.name ?? null).toBe(winner);
			expect(explanation.request).toMatchObject({ side: 'outbound', service: 'b' });
			expect(explanationText(explanation)).toContain('(outbound, by the port of b)\n');
		});

		it.each([
			['a', '`services.a` has no `listen`'],
			['c', 'the file has no service `c`'],
		])('is told when there is no such port: %s', async (service, why) => {
			const { outcome } = explain(await askable(entries + rules), asked('http://a/', {}, 'outbound', service));
			expect(outcome).toMatchObject({ kind: 'refused', status: null, code: '', why });
		});
	});

	it('is not decided by the rules when nobody listens', async () => {
		const { outcome, losers } = explain(await askable(''), asked('/', {}, 'outbound'));
		expect(outcome).toMatchObject({ kind: 'refused', status: null, code: '' });
		expect(losers).toEqual({ nearest: [], others: {} });
	});
});

describe('what is told', () => {
	it('has no secret: not of the request, not of the file', async () => {
		const file = await askable(
			`inbound:
  listen: 1111
  routes:
    - name: a
      hostnames: ["\${HOST}"]
      matches:
        - path: "= \${PATH}"
          headers: { x-api-key: other, x-env: "\${VALUE}" }
      filters:
        - requestHeaderModifier: { set: { x-token: "\${SECRET}", authorization: plain } }
        - requestRedirect: { hostname: "\${TARGET}" }
    - name: b
      matches: [{ path: "\${PATH}", headers: { x-env: "\${VALUE}", x-two: "2" } }]
`,
			{ HOST: 'Hidden.Example', PATH: '/hidden/path', VALUE: 'v4lue', SECRET: 's3cret', TARGET: 'target.hidden' },
		);
		const request = asked('GET http://hidden.example/hidden/path?token=t0ken', {
			'x-api-key': 'k3y',
			'x-env': 'v4lue',
			authorization: 'a7th',
		});
		const explained = explain(file, {
			...request,
			headers: [...request.headers.slice(1), { name: 'x-api-key', value: 'other' }],
		});
		for (const explanation of [explained, explain(file, request), explain(file, asked('/nothing'))]) {
			const { request: echoed, ...rest } = explanation;
			const told = JSON.stringify(rest) + explanationText(explanation).split('\n').slice(1).join('\n');
			for (const secret of ['v4lue', 's3cret', 'target.hidden', 't0ken', 'k3y', 'a7th', 'plain']) {
				expect(told).not.toContain(secret);
			}
			expect(JSON.stringify(echoed)).not.toContain('t0ken');
		}
		expect(explained.winner?.because.map(({ how }) => how)).toEqual([
			'is ${HOST}',
			'is exactly ${PATH}',
			'has the value that the rule asks for (***)',
			'is ${VALUE}',
		]);
		expect(explained.outcome).toMatchObject({ kind: 'answer', location: expect.stringContaining('${TARGET}') });
	});

	it.each([
		['the name of the winner', 'GET http://a.example/a'],
		['the names of losers', 'GET http://b.example/nothing'],
		['a path in its normal form', 'GET http://a.example/unnamed/x'],
		['what stands right behind something else', 'GET http://a.example/moved'],
	])('hides %s', async (_what, line) => {
		const file = await askable(
			`inbound:
  listen: 1111
  routes:
    - { name: "\${RULE}", hostnames: ["\${HOST}"], matches: [{ path: /a }] }
    - { matches: [{ path: "/unnamed" }, { path: "= \${PATH}" }] }
    - { matches: [{ path: "\${PATH}" }] }
    - { name: x, matches: [{ path: /moved }], filters: [{ requestRedirect: { hostname: "\${HOST}", path: { replaceFullPath: "/\${VALUE}" } } }] }
`,
			{ RULE: 's3cret-rule', HOST: 'S3cret.example.', PATH: '/s3cret%7Epath/', VALUE: 's3cret' },
		);
		const explanation = explain(file, asked(line));
		expect(JSON.stringify(explanation) + explanationText(explanation)).not.toMatch(/s3cret/i);
	});

	it('has where each value came from', async () => {
		const file = await askable(
			`inbound:
  listen: 1111
  routes:
    - { name: a, matches: [{ path: /a }], timeouts: { request: "\${TIMEOUT}" } }
    - { name: b, matches: [{ path: /b }], timeouts: { request: 2s } }
  service: { limits: { requests: 7 } }
`,
			{ TIMEOUT: '9s' },
		);
		const valuesOf = (line: string) =>
			explain(file, asked(line)).policy.flatMap(({ values }) =>
				values.map(({ key, value, from }) => [key, value, from]),
			);
		expect(valuesOf('/a')).toContainEqual(['timeouts.request', '${TIMEOUT}', 'env TIMEOUT']);
		expect(valuesOf('/b')).toContainEqual(['timeouts.request', '2s', 'a.yaml:6']);
		expect(valuesOf('/b')).toContainEqual(['timeouts.idle', '5m', 'default']);
		expect(valuesOf('/b')).toContainEqual(['limits.requests', '7', 'a.yaml:7']);
		expect(valuesOf('/c')).toContainEqual(['timeouts.idle', '5m', 'default']);
	});

	it('has where a rule of another document was written', async () => {
		const file = await askable(
			`inbound: { listen: 1111, routes: [{ name: own, matches: [{ path: /own }] }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: shop }
spec:
  rules:
    - matches: [{ path: { type: PathPrefix, value: /own } }, { path: { type: PathPrefix, value: /other } }]
      timeouts: { request: 3s }
      backendRefs: [{ name: app, port: 8080 }]
`,
		);
		const own = explain(file, asked('/own'));
		expect(own.winner).toMatchObject({ name: 'own', origin: '', at: 'a.yaml:2' });
		const [foreign] = own.losers.nearest;
		expect(foreign).toMatchObject({
			origin: 'HTTPRoute shop/orders',
			at: 'a.yaml:9',
			why: ["matches too, but its document comes after the winner's"],
		});
		const other = explain(file, asked('/other'));
		expect(explanationText(other)).toContain('→ rule /own (HTTPRoute shop/orders, a.yaml:9)\n');
		const [timeout] = other.policy[0]?.values ?? [];
		expect(timeout).toEqual({ key: 'timeouts.request', value: '3s', from: 'a.yaml:10' });
	});

	it('is short however many rules there are, and says how many are left out', async () => {
		const rules = Array.from(
			{ length: 40 },
			(_, i) => `    - { name: r${i}, matches: [{ path: /r${i}, method: ${i % 2 ? 'PUT' : 'GET'} }] }\n`,
		);
		const file = await askable(`inbound:\n  listen: 1111\n  routes:\n${rules.join('')}`);
		const text = explanationText(explain(file, asked('/none'), 3));
		expect(text).toContain('  and 37 more: 37 by path (--all lists them)\n');
		expect(text.split('\n').filter((line) => /^ {2}r\d+ /.test(line))).toHaveLength(3);
	});
});

it('pauses often enough that an event loop never waits for long', async () => {
	const rules = Array.from(
		{ length: 2000 },
		(_, i) => `    - { name: r${i}, hostnames: [h${i}.example], matches: [{ path: "~ /r${i}/.*" }] }\n`,
	);
	const { explainer } = await askable(`inbound:\n  listen: 1111\n  routes:\n${rules.join('')}`);
	const slices = explainer.explain(asked('http://h7.example/r7/x'), 10);
	let pauses = 0;
	for (let slice = slices.next(); slice.done !== true; slice = slices.next()) pauses++;
	// Of a regular expression a rule: a few are compiled between two pauses.
	expect(pauses).toBeGreaterThan(400);
}, 20_000);

it('names the ports of services where they are the only ones for calls', async () => {
	const file = await askable('services: { b: { listen: 127.0.0.1:7001, endpoints: [{ address: "10.0.0.1:1" }] } }\n');
	const { kind, why } = explain(file, asked('GET http://b/', {}, 'outbound')).outcome;
	expect([kind, why]).toEqual([
		'refused',
		'the file has no `outbound`: calls come in by the ports of services alone, such as `services.b.listen`',
	]);
});

describe('who may ask', () => {
	const rule =
		'authorization: { allow: [{ principals: ["spiffe://a/*"], headers: { X-Api-Key: s3cret, x-team: a } }] }';
	const tls = 'tls: { workloadApi: unix:///a }\n';
	const services = 'services: { b: { endpoints: [{ address: "b:1" }], tls: { mode: simple, sni: b } } }\n';

	it('is told of the whole side and of the rule, without values of fields that are redacted', async () => {
		const { explainer } = await askable(
			`${tls}inbound: { listen: 8000, authorization: { dryRun: true, deny: [{ sources: [10.0.0.0/8] }] }, routes: [{ ${rule} }] }\n`,
		);
		const [policy] = explain({ explainer }, asked('GET /', { 'x-api-key': 's3cret', 'x-team': 'a' })).policy;
		const told = policy?.values.filter(({ key }) => key.includes('authorization'));
		expect(told?.map(({ key, value }) => `${key} ${value}`)).toEqual([
			'authorization.dryRun false',
			'authorization.deny []',
			'authorization.allow[0].principals [spiffe://a/*]',
			'authorization.allow[0].headers.X-Api-Key ***',
			'authorization.allow[0].headers.x-team a',
			'inbound.authorization.dryRun true',
			'inbound.authorization.deny[0].sources [10.0.0.0/8]',
		]);
	});

	it('is told of a request that no rule takes', async () => {
		const { explainer } = await askable('inbound: { listen: 8000, authorization: { deny: [{ methods: [PUT] }] } }\n');
		const [policy] = explain({ explainer }, asked('GET /')).policy;
		expect(policy?.values).toContainEqual({
			key: 'inbound.authorization.deny[0].methods',
			value: '[PUT]',
			from: 'a.yaml:2',
		});
	});

	it('is told beside how a service is asked', async () => {
		const { explainer } = await askable(
			`${tls}inbound: { listen: 8000, routes: [{ backendRefs: [{ name: b }] }] }\n${services}`,
		);
		const values = explain({ explainer }, asked('GET /')).policy.find(({ name }) => name === 'b')?.values;
		expect(values?.filter(({ key }) => key.startsWith('tls.')).map(({ key, value }) => [key, value])).toEqual([
			['tls.mode', 'simple'],
			['tls.sni', 'b'],
		]);
	});
});
