import { describe, expect, it } from 'vitest';
import type { Config, Rule } from '../../src/config/config.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { mayUseRegex, type ParsedConfig, parseConfig } from '../../src/config/parse-config.ts';

function parse(text: string, environment: Record<string, string> = {}, file = 'orders.yaml'): ParsedConfig {
	const result = parseConfig(text, file, (name) => environment[name]);
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result;
}

const SMALLEST = 'app: { port: 8080 }\ninbound: { listen: 8000 }\n';
const config = (text: string, environment: Record<string, string> = {}): Config => parse(text, environment).config;

/** Without the places of the fallback rules, which move with the text. */
function meaning(text: string): unknown {
	const { inbound, ...rest } = config(text);
	return { ...rest, inbound: { ...inbound, fallback: null }, outboundFallback: null };
}

function ruleOf(yaml: string): Rule {
	const [rule] = config(`app: { port: 8080 }\ninbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`).inbound.routes;
	if (rule === undefined) throw new Error('no rule');
	return rule;
}

describe('the smallest file has every default', () => {
	const RETRY = {
		attempts: 2,
		codes: [],
		on: ['connect-failure', 'reset', 'refused-stream'],
		backoff: 0,
		methods: 'idempotent',
	};

	it('gives the whole configuration', () => {
		const { outboundFallback, ...whole } = config(SMALLEST);
		const { fallback, ...inbound } = whole.inbound;
		expect({ ...whole, inbound }).toEqual({
			hash: '',
			app: { name: 'orders', namespace: 'default', zone: '', port: 8080, protocol: 'auto' },
			inbound: {
				listen: { host: '', port: 8000 },
				unmatched: 'app',
				authorization: null,
				routes: [],
				service: {
					connect: { timeout: 1000, idle: 0, maxConnections: 1024, maxRequestsPerConnection: 0, maxAge: 0 },
					limits: { requests: 1024, pending: 1024, retries: 0 },
					circuitBreaker: {
						errorThresholdPercentage: 50,
						volumeThreshold: 20,
						rollingCountTimeout: 10_000,
						resetTimeout: 5000,
						failures: ['connect', 'reset', 'timeout', 'malformed'],
					},
					retryBudget: { percent: 20, minPerSecond: 10 },
					loadBalancer: { policy: 'leastRequest', hash: { by: 'sourceIp' }, slowStart: 0, zone: 'any' },
					outlierDetection: null,
					healthCheck: null,
					tls: { mode: 'off', sni: '', subjectAltNames: [], trustBundle: '', caPem: '' },
				},
			},
			outbound: null,
			outboundDeadlines: { inherit: 'explicit', cancel: 'safe' },
			services: [],
			tls: null,
			tests: [],
			admin: { listen: { host: '127.0.0.1', port: 9901 } },
			telemetry: {
				accessLog: { format: 'json', when: 'errors', sample: 0, file: 'stdout' },
				redact: {
					headers: ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'],
					query: ['token', 'access_token', 'key', 'api_key', 'password', 'secret'],
				},
				metrics: { maxSeries: 2000, istio: false, mergeApp: '', pathTemplates: [] },
			},
			localReplies: 'brief',
			trustedHops: 0,
			workers: 1,
			passthrough: false,
			shutdown: { drain: 20_000, propagation: 5000 },
			limits: {
				connections: 10_000,
				headerBytes: 61_440,
				headers: 100,
				headTimeout: 10_000,
				idle: 620_000,
				hold: 1024,
				holdFor: 30_000,
			},
		});
		expect(fallback).toMatchObject({ isNamed: false, hostnames: [], retry: RETRY, limits: { requestBody: 0 } });
		expect(outboundFallback).toMatchObject({ isByHost: true, hostnames: [], retry: { attempts: 2 } });
	});

	it('has no warnings', () => {
		expect(parse(SMALLEST).warnings).toEqual([]);
	});

	it('gives a rule its defaults', () => {
		expect(ruleOf('{}')).toEqual({
			name: '/',
			isNamed: false,
			origin: '',
			hostnames: [],
			matches: [{ path: { type: 'PathPrefix', value: '/' }, methods: [], headers: [], queryParams: [] }],
			filters: [],
			backendRefs: [{ label: 'app', service: 'app', subset: '', port: 0, invalid: '', weight: 1, filters: [] }],
			isByHost: false,
			timeouts: { request: 0, backendRequest: 0, idle: 300_000, requestIsExplicit: false, idleIsExplicit: false },
			retry: RETRY,
			sessionPersistence: null,
			rateLimit: null,
			fault: null,
			directResponse: null,
			hedge: null,
			authorization: null,
			limits: { requestBody: 0 },
			at: { file: 'orders.yaml', line: 5, column: 7 },
		});
	});

	it('gives a retry that is written in part the other defaults', () => {
		expect(ruleOf('retry: { attempts: 5, backoff: 25ms }').retry).toEqual({ ...RETRY, attempts: 5, backoff: 25 });
	});

	it('gives blocks that are written in part the other defaults', () => {
		const { shutdown, inbound, telemetry } = config(
			'app: { port: 1 }\ninbound: { listen: 2, service: { connect: { timeout: 3s } } }\nshutdown: { drain: 1s }\ntelemetry: { accessLog: { sample: 1% } }\n',
		);
		expect(shutdown).toEqual({ drain: 1000, propagation: 5000 });
		expect(inbound.service.connect).toMatchObject({ timeout: 3000, maxConnections: 1024 });
		expect(inbound.service.limits.requests).toBe(1024);
		expect(telemetry.accessLog).toEqual({ format: 'json', when: 'errors', sample: 1, file: 'stdout' });
	});

	it('takes a key without a value for one that is not there', () => {
		expect(config(`${SMALLEST}limits:\ntelemetry:\n  accessLog:\nprobes:\n`)).toEqual(config(SMALLEST));
	});
});

describe('the name of the app', () => {
	it.each([
		['orders.yaml', 'orders'],
		['/etc/outrigger/orders.v2.yaml', 'orders.v2'],
		['c:\\routes\\shop.yml', 'shop'],
		['routes/my "app".yaml', 'my-app'],
		['-', 'app'],
		['', 'app'],
	])('of the file %j is %j', (file, name) => {
		expect(parse(SMALLEST, {}, file).config.app.name).toBe(name);
	});
});

describe('short forms', () => {
	it.each([
		['8000', { host: '', port: 8000 }],
		['"8000"', { host: '', port: 8000 }],
		['0', { host: '', port: 0 }],
		['"127.0.0.1:8000"', { host: '127.0.0.1', port: 8000 }],
		['"[::1]:8000"', { host: '::1', port: 8000 }],
		['"[::]:8000"', { host: '::', port: 8000 }],
		['localhost:8000', { host: 'localhost', port: 8000 }],
		['{ port: 8000 }', { host: '', port: 8000 }],
		['{ port: 8000, intercepted: false }', { host: '', port: 8000 }],
		['{ host: 10.0.0.1, port: 8000 }', { host: '10.0.0.1', port: 8000 }],
	])('listen: %s', (yaml, listen) => {
		expect(config(`app: { port: 8080 }\ninbound: { listen: ${yaml} }\n`).inbound.listen).toEqual(listen);
	});

	it.each([
		['/orders', 'PathPrefix', '/orders'],
		['/orders/', 'PathPrefix', '/orders'],
		['/', 'PathPrefix', '/'],
		['"= /orders"', 'Exact', '/orders'],
		['"=/orders/"', 'Exact', '/orders/'],
		['"~ /o/[0-9]+"', 'RegularExpression', '/o/[0-9]+'],
		['{ value: /orders }', 'PathPrefix', '/orders'],
		['{ type: Exact, value: /orders }', 'Exact', '/orders'],
		['{ type: RegularExpression, value: "/a|/b" }', 'RegularExpression', '/a|/b'],
		['/%61b/%7E', 'PathPrefix', '/ab/~'],
	])('path: %s', (yaml, type, value) => {
		expect(ruleOf(`matches: [{ path: ${yaml} }]`).matches).toEqual([
			{ path: { type, value }, methods: [], headers: [], queryParams: [] },
		]);
	});

	it.each([
		['GET', ['GET']],
		['[GET, PURGE]', ['GET', 'PURGE']],
	])('method: %s', (yaml, methods) => {
		expect(ruleOf(`matches: [{ method: ${yaml} }]`).matches[0]?.methods).toEqual(methods);
	});

	it('takes headers and query parameters, long and short', () => {
		const [match] = ruleOf(
			'matches: [{ headers: { X-Canary: "1" }, queryParams: [{ name: V, value: a.*, type: RegularExpression }] }]',
		).matches;
		expect(match?.headers).toEqual([{ name: 'x-canary', type: 'Exact', value: '1' }]);
		expect(match?.queryParams).toEqual([{ name: 'V', type: 'RegularExpression', value: 'a.*' }]);
	});

	it('takes the first of several matches on one header', () => {
		const [match] = ruleOf('matches: [{ headers: [{ name: a, value: x }, { name: A, value: y }] }]').matches;
		expect(match?.headers).toEqual([{ name: 'a', type: 'Exact', value: 'x' }]);
	});

	it('takes matches that are an empty list for every path', () => {
		expect(ruleOf('matches: []').matches).toEqual([
			{ path: { type: 'PathPrefix', value: '/' }, methods: [], headers: [], queryParams: [] },
		]);
	});

	it('turns things off', () => {
		expect(ruleOf('retry: off').retry).toBeNull();
		const service = config('app: { port: 1 }\ninbound: { listen: 2, service: { circuitBreaker: off } }\n').inbound
			.service;
		expect(service.circuitBreaker).toBeNull();
	});
});

describe('rules', () => {
	it('are called by their first path when they have no name', () => {
		expect(ruleOf('matches: [{ path: "= /a" }, { path: /b }]')).toMatchObject({ name: '/a', isNamed: false });
		expect(ruleOf('name: given')).toMatchObject({ name: 'given', isNamed: true });
	});

	it('have hostnames in lower case without a trailing dot', () => {
		expect(ruleOf('hostnames: [Orders.Shop.SVC., "*.Shop", a_b]').hostnames).toEqual([
			'orders.shop.svc',
			'*.shop',
			'a_b',
		]);
	});

	it('know whether a deadline was stated', () => {
		expect(ruleOf('timeouts: { request: 2s }').timeouts).toMatchObject({ request: 2000, requestIsExplicit: true });
		expect(ruleOf('timeouts: { request: 0s }').timeouts).toMatchObject({ request: 0, requestIsExplicit: false });
		expect(ruleOf('timeouts: { idle: 5m }').timeouts).toMatchObject({ idle: 300_000, idleIsExplicit: true });
	});

	it('may be pasted from an HTTPRoute', () => {
		const text = `app: { port: 8080 }
inbound:
  listen: 8000
  routes:
  - name: login
    matches:
    - path:
        type: PathPrefix
        value: /login
      method: POST
    backendRefs:
    - name: app
      weight: 1
    timeouts:
      request: 10s
      backendRequest: 2s
    retry:
      codes:
      - 503
      attempts: 2
      backoff: 100ms
`;
		expect(config(text).inbound.routes).toMatchObject([
			{ name: 'login', timeouts: { request: 10_000, backendRequest: 2000 }, retry: { codes: [503], backoff: 100 } },
		]);
	});
});

describe('anchors', () => {
	it('merge: own keys win, then the first of several maps, wherever `<<` stands', () => {
		const text = `x-a: &a { attempts: 1, backoff: 1s }
x-b: &b { attempts: 3, methods: all }
app: { port: 8080 }
inbound:
  listen: 8000
  routes:
    - retry: { <<: [*a, *b] }
    - retry: { attempts: 0, <<: *b }
    - retry: *a
`;
		const retries = config(text).inbound.routes.map((rule) => rule.retry);
		expect(retries).toMatchObject([
			{ attempts: 1, backoff: 1000, methods: 'all' },
			{ attempts: 0, backoff: 0, methods: 'all' },
			{ attempts: 1, backoff: 1000, methods: 'idempotent' },
		]);
	});

	it('may stand under any key that starts with x-, whatever it holds', () => {
		expect(meaning(`x-anything: [1, { a: b }]\nx-: 1\n${SMALLEST}`)).toEqual(meaning(SMALLEST));
	});
});

describe('the environment', () => {
	it('gives numbers, words, flags and parts of text, quoted or not', () => {
		const text = `app: { port: \${PORT}, name: "\${NAME}-app", version: \${VERSION} }
inbound: { listen: "\${HOST:-127.0.0.1}:\${IN:-8000}" }
passthrough: \${PASS}
telemetry: { accessLog: { sample: "\${SAMPLE}%", when: \${WHEN:-all} } }
limits: { headerBytes: \${BYTES}, idle: \${IDLE:-1h} }
`;
		const environment = { PORT: '81', NAME: 'shop', VERSION: '1.10', PASS: 'true', SAMPLE: '5', BYTES: '2048' };
		expect(config(text, environment)).toMatchObject({
			app: { port: 81, name: 'shop-app', version: '1.10' },
			inbound: { listen: { host: '127.0.0.1', port: 8000 } },
			passthrough: true,
			telemetry: { accessLog: { sample: 5, when: 'all' } },
			limits: { headerBytes: 2048, idle: 3_600_000 },
		});
	});

	it('that gives nothing leaves the default', () => {
		const text = 'app: { port: 8080, namespace: ${NS:-} }\ninbound: { listen: 8000 }\n';
		expect(config(text).app.namespace).toBe('default');
	});

	it('is not read for what stands in comments', () => {
		expect(meaning(`# \${NOWHERE}\n${SMALLEST}`)).toEqual(meaning(SMALLEST));
	});
});

it('takes the hash from the caller', () => {
	const result = parseConfig(SMALLEST, 'r.yaml', () => undefined, { hash: (text) => `len${text.length}` });
	expect(result.ok && result.config.hash).toBe(`len${SMALLEST.length}`);
});

it('gives plain data that another thread can be sent', () => {
	const parsed = parse(SMALLEST);
	expect(structuredClone(parsed.config)).toEqual(parsed.config);
	expect(structuredClone(parsed.warnings)).toEqual(parsed.warnings);
});

it.each([
	['path: "~ /a"', true],
	['type: RegularExpression', true],
	['path: ${P}', true],
	['path: /a', false],
])('looks for a regular expression in %s', (text, expected) => {
	expect(mayUseRegex([{ file: 'r.yaml', text }])).toBe(expected);
});

describe('ports that do not collide', () => {
	it.each([
		['addresses that differ', 'app: { port: 8000 }\ninbound: { listen: "10.0.0.1:8000" }\n'],
		[
			'a port that the system picks',
			'app: { port: 8080 }\ninbound: { listen: 0 }\nadmin: { listen: 0 }\nprobes: { listen: 0 }\n',
		],
		[
			'a default that is moved away',
			'app: { port: 9901 }\ninbound: { listen: 8000 }\nadmin: { listen: "127.0.0.1:9900" }\n',
		],
		['a Unix socket', 'app: { socket: /run/app.sock }\ninbound: { listen: 8080 }\n'],
	])('%s', (_, text) => {
		expect(() => parse(text)).not.toThrow();
	});
});
