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
