import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type Effective, type EffectiveMap, effectiveConfig, isLeaf } from '../../src/config/effective.ts';
import { effectiveYaml } from '../../src/config/effective-yaml.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

function effective(text: string, environment: Record<string, string> = {}): Effective {
	const result = parseConfig(text, 'r.yaml', (name) => environment[name]);
	if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join('\n'));
	return effectiveConfig(result.provenance);
}

/** The leaf, list or map at `a.b.0.c`. */
function at(root: Effective, path: string): Effective | undefined {
	let here: Effective | undefined = root;
	for (const key of path.split('.')) here = (here as EffectiveMap)[key];
	return here;
}

describe('each value with its origin', () => {
	const shown = effective(
		`app:
  port: \${PORT}
  version: v\${MAJOR}.\${MINOR:-0}
inbound:
  listen: "\${HOST:-127.0.0.1}:8000"
  routes:
    - matches: [{ path: "= /a", method: GET }]
      retry: { on: [reset, "\${COND}"], attempts: 1 }
    - name: uploads
      retry: off
      timeouts: { request: 1m30s }
      limits: { requestBody: 10MiB }
    - matches: [{ path: "\${SECRET_PATH}" }]
    - {}
`,
		{ PORT: '8080', MAJOR: '3', COND: 'timeout', SECRET_PATH: '/hidden' },
	);

	it.each([
		['app.port', '${PORT}', 'env PORT'],
		['app.version', 'v${MAJOR}.0', 'env MAJOR'],
		['app.name', 'r', 'default'],
		['app.socket', null, 'default'],
		['inbound.listen', '127.0.0.1:8000', 'r.yaml:5'],
		['inbound.unmatched', 'app', 'default'],
		['inbound.routes.0.name', '/a', 'default'],
		['inbound.routes.0.matches.0.path.type', 'Exact', 'r.yaml:7'],
		['inbound.routes.0.matches.0.path.value', '/a', 'r.yaml:7'],
		['inbound.routes.0.matches.0.method', ['GET'], 'r.yaml:7'],
		['inbound.routes.0.retry.on', ['reset', '${COND}'], 'r.yaml:8, env COND'],
		['inbound.routes.0.retry.attempts', 1, 'r.yaml:8'],
		['inbound.routes.0.retry.methods', 'idempotent', 'default'],
		['inbound.routes.0.hostnames', [], 'default'],
		['inbound.routes.1.name', 'uploads', 'r.yaml:9'],
		['inbound.routes.1.retry', 'off', 'r.yaml:10'],
		['inbound.routes.1.timeouts.request', '1m30s', 'r.yaml:11'],
		['inbound.routes.1.timeouts.idle', '5m', 'default'],
		['inbound.routes.1.limits.requestBody', '10MiB', 'r.yaml:12'],
		['inbound.routes.2.matches.0.path', '${SECRET_PATH}', 'env SECRET_PATH'],
		['inbound.routes.2.name', '${SECRET_PATH}', 'default'],
		['inbound.routes.3.name', '/', 'default'],
		['inbound.service.connect.idle', null, 'default'],
		['inbound.service.circuitBreaker.failures', ['connect', 'reset', 'timeout', 'malformed'], 'default'],
		['admin.listen', '127.0.0.1:9901', 'default'],
		['probes', null, 'default'],
		['limits.idle', '10m20s', 'default'],
		['limits.headerBytes', '60KiB', 'default'],
	])('%s', (path, value, from) => {
		expect(at(shown, path)).toEqual({ value, from });
	});

	it('shows nothing that came from the environment', () => {
		expect(JSON.stringify(shown)).not.toContain('hidden');
	});

	it('places what an anchor gave where the anchor stands', () => {
		const merged = effective(
			'x-a: &a { attempts: 7 }\napp: { port: 1 }\ninbound:\n  listen: 2\n  routes:\n    - retry: { <<: *a }\n',
		);
		expect(at(merged, 'inbound.routes.0.retry.attempts')).toEqual({ value: 7, from: 'r.yaml:1' });
	});
});

describe('what has a short form', () => {
	const shown = effective(
		`app: { port: 8080 }
inbound:
  listen: 8000
  routes:
    - filters:
        - requestHeaderModifier: { set: { x-env: "\${TOKEN}", x-b: c } }
        - requestRedirect: { path: { replacePrefixMatch: "/\${TOKEN}" } }
    - matches: [{ headers: { x-tenant: eu } }]
      rateLimit: { requests: 1, by: [peer, { header: "\${TOKEN}" }] }
      fault: { abort: { status: 503 } }
    - backendRefs: [{ name: payments, weight: 2 }]
outbound: { listen: 127.0.0.1:8001, routes: [{}] }
services:
  payments:
    ports: { http: 80 }
    endpoints: [{ address: "[::1]:80", labels: { version: "\${TOKEN}" } }]
    subsets: { canary: { version: v2 } }
tests: [{ expect: { route: "" } }]
`,
		{ TOKEN: 'hidden' },
	);

	it.each([
		['inbound.routes.0.filters.0.type', 'RequestHeaderModifier', 'default'],
		['inbound.routes.0.filters.0.requestHeaderModifier.set.0.name', 'x-env', 'r.yaml:6'],
		['inbound.routes.0.filters.0.requestHeaderModifier.set.0.value', '${TOKEN}', 'env TOKEN'],
		['inbound.routes.0.filters.0.requestHeaderModifier.set.1.value', 'c', 'r.yaml:6'],
		['inbound.routes.0.filters.0.requestHeaderModifier.remove', [], 'default'],
		['inbound.routes.0.filters.1.requestRedirect.path.type', 'ReplacePrefixMatch', 'default'],
		['inbound.routes.0.filters.1.requestRedirect.path.replacePrefixMatch', '/${TOKEN}', 'env TOKEN'],
		['inbound.routes.0.filters.1.requestRedirect.statusCode', 302, 'default'],
		['inbound.routes.0.backendRefs', null, 'default'],
		['inbound.routes.1.matches.0.headers.0.type', 'Exact', 'default'],
		['inbound.routes.1.matches.0.headers.0.name', 'x-tenant', 'r.yaml:8'],
		['inbound.routes.1.rateLimit.by.0', 'peer', 'r.yaml:9'],
		['inbound.routes.1.rateLimit.by.1.header', '${TOKEN}', 'env TOKEN'],
		['inbound.routes.1.rateLimit.per', '1s', 'default'],
		['inbound.routes.1.fault.abort.percent', 100, 'default'],
		['inbound.routes.1.backendRefs.0.name', 'app', 'default'],
		['inbound.routes.2.backendRefs.0.weight', 2, 'r.yaml:11'],
		['outbound.routes.0.backendRefs', null, 'default'],
		['outbound.routes.0.retry.codes', [502, 503, 504], 'default'],
		['services.payments.ports.http', 80, 'r.yaml:15'],
		['services.payments.connect.timeout', '5s', 'default'],
		['services.payments.endpoints.0.address', '[::1]:80', 'r.yaml:16'],
		['services.payments.endpoints.0.labels.version', '${TOKEN}', 'env TOKEN'],
		['services.payments.subsets.canary.version', 'v2', 'r.yaml:17'],
		['tests.0.name', null, 'default'],
		['tests.0.request.side', 'inbound', 'default'],
		['tests.0.expect.route', '', 'r.yaml:18'],
	])('%s', (path, value, from) => {
		expect(at(shown, path)).toEqual({ value, from });
	});

	it('shows only the block of a filter that is there', () => {
		expect(Object.keys(at(shown, 'inbound.routes.0.filters.0') ?? {})).toEqual(['type', 'requestHeaderModifier']);
		expect(at(shown, 'inbound.routes.1.fault.delay')).toBeUndefined();
	});

	it('shows nothing that came from the environment', () => {
		expect(JSON.stringify(shown)).not.toContain('hidden');
	});
});

it('is written as YAML with the origin beside each value', () => {
	const text = effectiveYaml(effective('app: { port: 8080 }\ninbound: { listen: 8000 }\n'));
	expect(text).toContain('  port: 8080 # r.yaml:1\n');
	expect(text).toContain('  listen: 8000 # r.yaml:2\n');
	expect(text).toContain('  listen: 127.0.0.1:9901 # default\n');
	expect(text).toContain('      failures: [connect, reset, timeout, malformed] # default\n');
});

it('is the same in YAML and in JSON', () => {
	const plain = (value: Effective): unknown => {
		if (isLeaf(value)) return value.value;
		if (Array.isArray(value)) return value.map(plain);
		return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child as Effective)]));
	};
	const shown = effective('app: { port: 8080 }\ninbound: { listen: 8000, routes: [{}] }\n');
	expect(parseYaml(effectiveYaml(shown))).toEqual(plain(shown));
});

describe('services with their origins', () => {
	const shown = effective(
		`app: { port: 8080, namespace: shop }
inbound: { listen: 8000 }
services:
  a:
    kubernetes: { service: a, port: "\${PORT}" }
    loadBalancer: { policy: maglev, hash: { header: "\${HEADER}" } }
    healthCheck: { path: /, expect: "\${STATUS}" }
  b:
    dns: { name: b, port: 80 }
    loadBalancer: { policy: ringHash }
    outlierDetection: off
    healthCheck: { path: / }
  c: { endpoints: [], healthCheck: { grpc: "" }, outlierDetection: { successRate: {} } }
`,
		{ PORT: 'http', HEADER: 'x-secret', STATUS: '204' },
	);

	it.each([
		['a.kubernetes.service', 'a', 'r.yaml:5'],
		['a.kubernetes.namespace', 'shop', 'default'],
		['a.kubernetes.port', '${PORT}', 'env PORT'],
		['a.loadBalancer.hash.header', '${HEADER}', 'env HEADER'],
		['a.healthCheck.expect', '${STATUS}', 'env STATUS'],
		['a.outlierDetection.consecutiveErrors', 5, 'default'],
		['a.outlierDetection.successRate', null, 'default'],
		['b.dns.refresh', '5s', 'default'],
		['b.loadBalancer.hash', 'sourceIp', 'default'],
		['b.outlierDetection', 'off', 'r.yaml:11'],
		['b.healthCheck.expect', '200-299', 'default'],
		['c.loadBalancer.hash', null, 'default'],
		['c.healthCheck.grpc', '', 'r.yaml:13'],
		['c.healthCheck.expect', null, 'default'],
		['c.outlierDetection.successRate.below', 0.8, 'default'],
		['c.listen', null, 'default'],
	])('%s', (path, value, from) => {
		expect(at(shown, `services.${path}`)).toEqual({ value, from });
	});

	it('leave out the sources and probes that they do not have', () => {
		expect(Object.keys(at(shown, 'services.b') ?? {})).not.toEqual(expect.arrayContaining(['endpoints']));
		expect(Object.keys(at(shown, 'services.c.healthCheck') ?? {})).not.toEqual(expect.arrayContaining(['path']));
	});

	it('are off towards the app', () => {
		expect(at(shown, 'inbound.service.outlierDetection')).toEqual({ value: 'off', from: 'default' });
		expect(at(shown, 'inbound.service.healthCheck')).toEqual({ value: 'off', from: 'default' });
	});
});
