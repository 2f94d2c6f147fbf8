import { describe, expect, it } from 'vitest';
import { document, httpRoute, mistakesIn, NATIVE, parse, parsed, remarksOn } from './parsed.ts';

const GW = 'gateway.networking.k8s.io/v1';
const bare = (apiVersion: string, kind: string): string =>
	`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\n`;

describe('documents that cannot be obeyed are named errors', () => {
	it.each([
		['a kind of a later version', bare(GW, 'TLSRoute'), '2:7 `kind: TLSRoute` is not supported by this version'],
		[
			'another one',
			bare('gateway.networking.x-k8s.io/v1alpha1', 'XBackendTrafficPolicy'),
			'2:7 `kind: XBackendTrafficPolicy` is not supported by this version',
		],
		[
			'a misspelt kind',
			bare(GW, 'HttpRoutes'),
			'2:7 `gateway.networking.k8s.io/v1` has no kind `HttpRoutes` | did you mean `HTTPRoute`?',
		],
		['a misspelt kind of Kubernetes', bare('v1', 'Servce'), '2:7 `v1` has no kind `Servce` | did you mean `Service`?'],
		['a kind like none', bare('apps/v1', 'Zebra'), '2:7 `apps/v1` has no kind `Zebra`'],
		[
			'an old version',
			bare('gateway.networking.k8s.io/v1alpha2', 'HTTPRoute'),
			'1:13 `apiVersion: gateway.networking.k8s.io/v1alpha2` of `HTTPRoute` is not supported by this version | `gateway.networking.k8s.io/v1` or `gateway.networking.k8s.io/v1beta1`',
		],
		['no kind', 'apiVersion: v1\n', '1:1 `kind` is missing in a document | a kind such as `HTTPRoute`'],
		[
			'no version',
			'kind: HTTPRoute\n',
			'1:1 `apiVersion` is missing in a document | such as `gateway.networking.k8s.io/v1`',
		],
		['a kind that is no text', 'kind: 7\napiVersion: v1\n', '1:7 `kind` is not text | a kind such as `HTTPRoute`'],
		['no name', `apiVersion: ${GW}\nkind: HTTPRoute\n`, '2:7 `metadata.name` of this `HTTPRoute` is missing | a name'],
		[
			'a name that is none',
			`apiVersion: ${GW}\nkind: HTTPRoute\nmetadata: { name: 7 }\n`,
			'3:19 `metadata.name` of this `HTTPRoute` is missing | a name',
		],
		[
			'a document twice',
			`${httpRoute('rules: [{}]')}---\n${httpRoute('rules: [{}]')}`,
			'7:1 `HTTPRoute shop/r` is given twice; first on line 1 | each document once',
		],
	])('%s', (_, yaml, mistake) => {
		expect(mistakesIn(yaml)).toEqual([mistake]);
	});

	it('names the other file when a document is given in two', () => {
		const route = httpRoute('rules: [{}]');
		expect(mistakesIn(route, `${NATIVE}---\n${route}`)).toEqual([
			'1:1 `HTTPRoute shop/r` is given twice; first on line 5 of routes.yaml | each document once',
		]);
	});
});

describe('documents without a meaning here', () => {
	it('are said to be ignored, in one line', () => {
		const yaml = [
			bare('apps/v1', 'Deployment'),
			bare(GW, 'ReferenceGrant'),
			bare('apps/v1', 'Deployment'),
			bare('example.com/v1', 'Widget'),
		];
		expect(remarksOn(yaml.join('---\n'))).toEqual([
			'note 2:7 without meaning for a sidecar, and ignored: 2 `Deployment`, `ReferenceGrant`, `Widget`',
		]);
	});

	it('are not looked into: a script in one is no reference to the environment', () => {
		const { notes } = parsed(
			'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { run: "echo ${1} ${UNSET}" }\n',
		);
		expect(notes).toHaveLength(1);
	});

	it('are not looked into in a list either, nor is what tools note down in a document', () => {
		const script = '{ run: "echo ${1} ${UNSET}" }';
		const items = [
			`{ apiVersion: v1, kind: ConfigMap, metadata: { name: x }, data: ${script} }`,
			`{ apiVersion: v1, kind: List, items: [{ apiVersion: v1, kind: Secret, data: ${script} }] }`,
			`{ apiVersion: v1, kind: Service, metadata: { name: a, annotations: ${script}, managedFields: [${script}] }, spec: {}, status: ${script} }`,
		];
		const yaml = `apiVersion: v1\nkind: List\nitems:\n${items.map((item) => `- ${item}\n`).join('')}`;
		expect(remarksOn(yaml)).toEqual([
			'note 4:27 without meaning for a sidecar, and ignored: `ConfigMap`, `Secret`, `status`',
		]);
	});

	it('and statuses are ignored as well', () => {
		const route = `${document('Gateway', 'g', 'listeners: [{ name: a }]')}status: { addresses: [] }\n`;
		expect(remarksOn(route)).toEqual(['note 2:7 without meaning for a sidecar, and ignored: `status`']);
	});
});

describe('the way of the documents', () => {
	it('may be a list, as kubectl prints it', () => {
		const item = JSON.stringify({
			apiVersion: GW,
			kind: 'HTTPRoute',
			metadata: { name: 'r', namespace: 'shop' },
			spec: { hostnames: ['a.b'], rules: [{ name: 'x' }] },
		});
		const { config } = parsed(`apiVersion: v1\nkind: List\nitems:\n- ${item}\n`);
		expect(config.inbound.routes.map(({ name, origin }) => [name, origin])).toEqual([['x', 'HTTPRoute shop/r']]);
	});

	it('may lead beside the route file in one file', () => {
		const { config } = parsed('', `${NATIVE}---\n${httpRoute('rules: [{ name: x }]')}`);
		expect(config.inbound.routes[0]?.at).toEqual({ file: 'routes.yaml', line: 9, column: 11 });
	});

	it('does not matter while there is something wrong with the route file: all is told', () => {
		const result = parse(httpRoute('rulez: []'), 'app: { prot: 1 }\ninbound: { listen: 8000 }\n');
		expect(result.ok ? [] : result.issues.map(({ file, path }) => `${file} ${path}`)).toEqual([
			'routes.yaml app',
			'routes.yaml app.prot',
			'gw.yaml HTTPRoute shop/r: spec.rulez',
		]);
	});
});
