import { describe, expect, it } from 'vitest';
import { compiledLines, readCompiledLines } from '../../src/cli/compiled-lines.ts';
import type { Config } from '../../src/config/config.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { EffectiveParts } from '../../src/config/effective-parts.ts';
import { effectiveYaml } from '../../src/config/effective-yaml.ts';
import type { AuthorizationRule, ServiceTls } from '../../src/config/identity-config.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { type ParsedConfig, parseConfig } from '../../src/config/parse-config.ts';

const HEAD = 'app: { port: 8080 }\n';
const FILES = 'tls: { certificate: certs/a.pem, key: certs/a.key, trustBundle: certs/ca.pem }\n';

function parsed(text: string, environment: Readonly<Record<string, string>> = {}): ParsedConfig {
	const result = parseConfig(text, 'r.yaml', (name) => environment[name]);
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result;
}

function configOf(yaml: string): Config {
	return parsed(`${HEAD}inbound: { listen: 8000 }\n${yaml}`).config;
}

function tlsOf(service: string): ServiceTls | undefined {
	return configOf(`${FILES}services:\n  payments: { endpoints: [], ${service} }\n`).services[0]?.policy.tls;
}

function ruleOf(conditions: string): AuthorizationRule | undefined {
	const text = `${HEAD}inbound: { listen: 8000, authorization: { allow: [${conditions}] } }\n${FILES}`;
	return parsed(text).config.inbound.authorization?.allow?.[0];
}

describe('the identity of the workload', () => {
	it('is none by default', () => {
		expect(configOf('').tls).toBeNull();
	});

	it('is in files, and strict by default', () => {
		expect(configOf(FILES).tls).toEqual({
			mode: 'strict',
			source: { is: 'files', certificate: 'certs/a.pem', key: 'certs/a.key', trustBundle: 'certs/ca.pem' },
			minVersion: '1.2',
		});
	});

	it.each(['unix:///run/spire/agent.sock', 'unix:/run/spire/agent.sock'])(
		'comes from the Workload API at %s',
		(url) => {
			expect(configOf(`tls: { mode: permissive, workloadApi: "${url}", minVersion: 1.3 }\n`).tls).toEqual({
				mode: 'permissive',
				source: { is: 'workloadApi', socket: '/run/spire/agent.sock' },
				minVersion: '1.3',
			});
		},
	);

	it('may be for calls alone', () => {
		expect(configOf('tls: { mode: off, workloadApi: unix:///a }\n').tls?.mode).toBe('off');
	});
});

describe('TLS of a service', () => {
	const NONE: ServiceTls = { mode: 'auto', sni: '', subjectAltNames: [], trustBundle: '', caPem: '' };

	it('is told by what is declared', () => {
		expect(tlsOf('tls: {}')).toEqual(NONE);
	});

	it('takes every key; names in the form in which they are compared', () => {
		const yaml =
			'tls: { mode: mutual, sni: Payments.Shop., subjectAltNames: ["spiffe://mesh.local/ns/shop/sa/payments", "https://a.b/C", Payments.shop.svc., urn:uuid:7], trustBundle: ca.pem }';
		expect(tlsOf(yaml)).toEqual({
			mode: 'mutual',
			sni: 'payments.shop',
			subjectAltNames: [
				{ type: 'uri', value: 'spiffe://mesh.local/ns/shop/sa/payments' },
				{ type: 'uri', value: 'https://a.b/C' },
				{ type: 'dns', value: 'payments.shop.svc' },
				{ type: 'uri', value: 'urn:uuid:7' },
			],
			trustBundle: 'ca.pem',
			caPem: '',
		});
	});

	it.each([
		['the name of its server', 'tls: { mode: simple, sni: a }'],
		['names of its certificate', 'tls: { mode: simple, subjectAltNames: [a] }'],
		['its first hostname', 'hostnames: [a], tls: { mode: simple }'],
	])('is held against %s', (_, service) => {
		expect(tlsOf(service)?.mode).toBe('simple');
	});

	it('is held against the names of its endpoints', () => {
		const [service] = configOf(
			'services: { a: { endpoints: [{ address: "a.b:443" }], tls: { mode: simple } } }\n',
		).services;
		expect(service?.policy.tls.mode).toBe('simple');
	});

	it('may be that of one endpoint', () => {
		const yaml = `${FILES}services: { a: { endpoints: [{ address: "a:443", identity: "spiffe://b/c" }] } }\n`;
		expect(configOf(yaml).services[0]?.endpoints[0]?.identity).toBe('spiffe://b/c');
	});
});

describe('an authorization', () => {
	it('stands for all of the inbound side, and in rules of both', () => {
		const deny = (path: string): string => `authorization: { dryRun: true, deny: [{ paths: ["${path}"] }] }`;
		const { inbound, outbound } = parsed(
			`${HEAD}inbound: { listen: 8000, ${deny('/a')}, routes: [{ ${deny('/b')} }] }\noutbound: { listen: 127.0.0.1:1, routes: [{ ${deny('/c')} }] }\n`,
		).config;
		const all = [inbound.authorization, inbound.routes[0]?.authorization, outbound?.routes[0]?.authorization];
		expect(all.map((each) => each?.deny[0]?.paths[0]?.value)).toEqual(['/a', '/b', '/c']);
		expect(all.map((each) => [each?.dryRun, each?.allow])).toEqual([...all.map(() => [true, null])]);
		expect(inbound.fallback.authorization).toBeNull();
	});

	it('tells nobody from everybody', () => {
		const allowed = (allow: string) =>
			parsed(`${HEAD}inbound: { listen: 8000, authorization: { deny: [{ methods: [GET] }]${allow} } }\n`).config.inbound
				.authorization?.allow;
		expect([allowed(''), allowed(', allow: []')]).toEqual([null, []]);
	});

	it('knows where each entry stands', () => {
		expect(ruleOf('{ methods: [GET] }')?.at).toEqual({ file: 'r.yaml', line: 2, column: 51 });
	});

	it.each([
		['/orders', 'exact', '/orders'],
		['/orders/*', 'prefix', '/orders/'],
		['/orders*', 'prefix', '/orders'],
		['*.png', 'suffix', '.png'],
		['*/.well-known/x', 'suffix', '/.well-known/x'],
		['*', 'any', ''],
		['/%61dmin', 'exact', '/admin'],
		['/%61*', 'prefix', '/a'],
		['*%61', 'suffix', 'a'],
		['/a%20b', 'exact', '/a%20b'],
		['//a', 'exact', '//a'],
		['/.well-known*', 'prefix', '/.well-known'],
	] as const)('reads the path %s', (text, type, value) => {
		expect(ruleOf(`{ paths: ["${text}"] }`)?.paths).toEqual([{ type, value }]);
	});

	it.each([
		['spiffe://mesh.local/ns/shop/sa/web', 'exact', 'spiffe://mesh.local/ns/shop/sa/web'],
		['spiffe://mesh.local/*', 'prefix', 'spiffe://mesh.local/'],
		['spiffe://mesh.local/ns/shop/sa/web-*', 'prefix', 'spiffe://mesh.local/ns/shop/sa/web-'],
		['spiffe:*', 'prefix', 'spiffe:'],
		['*/sa/web', 'suffix', '/sa/web'],
		['*-Web', 'suffix', '-Web'],
		['*.local/ns/a/sa/b', 'suffix', '.local/ns/a/sa/b'],
		['*', 'any', ''],
	] as const)('reads the principal %s', (text, type, value) => {
		expect(ruleOf(`{ principals: ["${text}"] }`)?.principals).toEqual([{ type, value }]);
	});

	it.each([
		['10.0.0.0/8', '10.0.0.0', 8],
		['10.1.2.3', '10.1.2.3', 32],
		['0.0.0.0/0', '0.0.0.0', 0],
		['192.168.1.128/25', '192.168.1.128', 25],
		['::1', '::1', 128],
		['FD00::/8', 'fd00::', 8],
		['::/0', '::', 0],
		['2001:db8:0:1::/64', '2001:db8:0:1::', 64],
		['64:ff9b::192.0.2.0/120', '64:ff9b::192.0.2.0', 120],
	] as const)('reads the network %s', (text, address, bits) => {
		expect(ruleOf(`{ sources: ["${text}"] }`)?.sources).toEqual([{ address, bits }]);
	});

	it('has names of header fields in lower case, and its other conditions as they are', () => {
		expect(
			ruleOf('{ headers: { X-Team: "a*", x-b: "*" }, methods: [GET, M-SEARCH], namespaces: [shop, "*-test"] }'),
		).toMatchObject({
			principals: [],
			headers: [
				{ name: 'x-team', value: { type: 'prefix', value: 'a' } },
				{ name: 'x-b', value: { type: 'any', value: '' } },
			],
			methods: ['GET', 'M-SEARCH'],
			namespaces: [
				{ type: 'exact', value: 'shop' },
				{ type: 'suffix', value: '-test' },
			],
		});
	});
});

const WHOLE = `${HEAD}inbound:
  listen: 8000
  authorization: { deny: [{ sources: [10.0.0.0/8, "::1"] }], allow: [{ principals: ["\${WHO}"] }] }
  routes: [{ authorization: { dryRun: true, allow: [{ paths: ["/a*"], headers: { x-a: "*b" } }, {}] } }]
tls: { workloadApi: "unix:/run/a.sock", minVersion: 1.3 }
services:
  a: { endpoints: [{ address: "a:1", identity: "spiffe://b/c" }], tls: { subjectAltNames: ["spiffe://b/d", e] } }
`;

describe('what is in force', () => {
	const result = parsed(WHOLE, { WHO: 'spiffe://whoever/x' });
	const effective = effectiveConfig(result.provenance);

	it('is told in the words of the file, each value with where it came from', () => {
		expect(effective).toMatchObject({
			tls: {
				mode: { value: 'strict', from: 'default' },
				workloadApi: { value: 'unix:///run/a.sock', from: 'r.yaml:6' },
				minVersion: { value: '1.3', from: 'r.yaml:6' },
			},
			inbound: {
				authorization: {
					dryRun: { value: false, from: 'default' },
					deny: [{ sources: { value: ['10.0.0.0/8', '::1'], from: 'r.yaml:4' } }],
					allow: [{ principals: { value: ['${WHO}'], from: 'r.yaml:4, env WHO' } }],
				},
				routes: [{ authorization: { allow: [{ headers: { 'x-a': { value: '*b', from: 'r.yaml:5' } } }, {}] } }],
			},
			services: {
				a: {
					endpoints: [{ identity: { value: 'spiffe://b/c', from: 'r.yaml:8' } }],
					tls: { mode: { value: 'auto' }, subjectAltNames: { value: ['spiffe://b/d', 'e'], from: 'r.yaml:8' } },
				},
			},
		});
		expect(JSON.stringify(effective)).not.toContain('whoever');
	});

	it('means the same when it is written out', () => {
		const text = effectiveYaml(effectiveConfig(parsed(WHOLE, { WHO: 'spiffe://a/x' }).provenance));
		const again = parsed(text, { WHO: 'spiffe://a/x' }).config;
		const identities = ({ tls, inbound, services }: Config): unknown => {
			const whole = [tls, inbound.authorization, inbound.routes.map((rule) => rule.authorization), services];
			return JSON.parse(JSON.stringify(whole, (key, value: unknown) => (key === 'at' ? undefined : value)));
		};
		expect(identities(again)).toEqual(identities(parsed(WHOLE, { WHO: 'spiffe://a/x' }).config));
	});

	it('goes from one process to another unchanged', async () => {
		const compiled = {
			ok: true,
			hash: '',
			config: result.config,
			warnings: [],
			notes: [],
			masked: [],
			tests: null,
			effective: EffectiveParts.of(effective),
		};
		async function* lines() {
			yield* compiledLines(compiled as never);
		}
		const read = await readCompiledLines(lines(), () => Promise.resolve());
		expect(read).toMatchObject({ ok: true, config: result.config });
	});
});
