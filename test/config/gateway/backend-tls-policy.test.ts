import { describe, expect, it } from 'vitest';
import type { ServiceTls } from '../../../src/config/identity-config.ts';
import { configOf, document, mistakesIn, NATIVE, parsed, remarksOn, service } from './parsed.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
const PORTS = '[{ name: web, port: 443, targetPort: 8443 }, { name: api, port: 8443, targetPort: 8443 }]';
const SERVICE = `${service('payments', PORTS)}---\n${slice('payments')}`;
const TARGET = '{ group: "", kind: Service, name: payments }';
const SYSTEM = 'wellKnownCACertificates: System, hostname: abc.example.com';

function slice(name: string): string {
	return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
ports: [{ name: web, port: 8443 }, { name: api, port: 8443 }]
endpoints: [{ addresses: [10.0.0.1] }]
`;
}

function policy(name: string, validation: string, target = TARGET, more = ''): string {
	return document('BackendTLSPolicy', name, `targetRefs: [${target}]\nvalidation: { ${validation} }${more}`);
}

function configMap(name: string, data: string): string {
	return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop, annotations: { a: "\${1}" } }\ndata: ${data}\n`;
}

const refs = (...names: string[]): string =>
	`caCertificateRefs: [${names.map((name) => `{ group: "", kind: ConfigMap, name: ${name} }`).join(', ')}], hostname: a.b`;
const all = (...documents: string[]): string => documents.join('---\n');
const ca = (name: string): string => configMap(name, JSON.stringify({ 'ca.crt': CA, other: '${1} ${UNSET}' }));

/** Of each entry of `services`: its name, and how it is asked. */
function tlsIn(documents: string, native = NATIVE): [string, ServiceTls][] {
	return configOf(documents, native).services.map(({ name, policy: { tls } }) => [name, tls]);
}

describe('a BackendTLSPolicy', () => {
	const EXPECTED: ServiceTls = {
		mode: 'simple',
		sni: 'abc.example.com',
		subjectAltNames: [],
		trustBundle: '',
		caPem: '',
	};

	it.each(['gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1alpha3'])(
		'of %s has its service asked by TLS',
		(version) => {
			const text = document('BackendTLSPolicy', 'p', `targetRefs: [${TARGET}]\nvalidation: { ${SYSTEM} }`, version);
			expect(tlsIn(all(SERVICE, text))).toEqual([['payments.shop', EXPECTED]]);
		},
	);

	it('may say which names the certificate has', () => {
		const names =
			'subjectAltNames: [{ type: URI, uri: "spiffe://mesh.local/a" }, { type: Hostname, hostname: Other.example.com }]';
		const [[, tls] = []] = tlsIn(all(SERVICE, policy('p', `${SYSTEM}, ${names}`)));
		expect(tls?.subjectAltNames).toEqual([
			{ type: 'uri', value: 'spiffe://mesh.local/a' },
			{ type: 'dns', value: 'other.example.com' },
		]);
	});

	it('takes certificates of ConfigMap documents, whose other entries are not looked into', () => {
		const [[, tls] = []] = tlsIn(all(ca('one'), SERVICE, policy('p', refs('one', 'two')), ca('two')));
		expect(tls).toEqual({ ...EXPECTED, sni: 'a.b', caPem: `${CA}\n${CA}\n` });
	});

	it('shows by their documents where they are, and not what is in them', () => {
		const { provenance, config } = parsed(all(SERVICE, policy('p', refs('one')), ca('one')));
		const { tls } = provenance.routeFile.services['payments.shop'] ?? {};
		expect(tls).toMatchObject({ trustBundle: 'ConfigMap shop/one', sni: 'a.b' });
		expect(config.services[0]?.policy.tls.trustBundle).toBe('');
	});

	it('for one port parts it from those that are asked otherwise', () => {
		const target = '{ group: "", kind: Service, name: payments, sectionName: web }';
		const modes = tlsIn(all(SERVICE, policy('p', SYSTEM, target))).map(([name, { mode }]) => [name, mode]);
		expect(modes).toEqual([
			['payments.shop', 'simple'],
			['payments.shop_8443', 'auto'],
		]);
	});

	it('for one port goes before one for all', () => {
		const target = '{ kind: Service, name: payments, sectionName: api }';
		const texts = all(
			SERVICE,
			policy('a', 'wellKnownCACertificates: System, hostname: all.b'),
			policy('z', SYSTEM, target),
		);
		expect(tlsIn(texts).map(([name, { sni }]) => [name, sni])).toEqual([
			['payments.shop', 'all.b'],
			['payments.shop_8443', 'abc.example.com'],
		]);
	});

	it('has a port spoken to that says https', () => {
		const https = `${service('payments', '[{ name: web, port: 443, targetPort: 8443, appProtocol: https }]')}---\n${slice('payments')}`;
		expect(tlsIn(all(https))).toEqual([]);
		expect(tlsIn(all(https, policy('p', SYSTEM)))).toEqual([['payments.shop', EXPECTED]]);
	});

	it('is that of an entry of the route file, too', () => {
		const native = `${NATIVE}services: { payments: { endpoints: [{ address: "10.0.0.1:80" }], ports: { web: 443 } } }\n`;
		expect(tlsIn(policy('p', SYSTEM), native)).toEqual([['payments', EXPECTED]]);
		const target = '{ kind: Service, name: payments, sectionName: web }';
		expect(tlsIn(policy('p', SYSTEM, target), native)).toEqual([['payments', EXPECTED]]);
	});
});

describe('of several BackendTLSPolicies for one target', () => {
	const created = (text: string, time: string): string =>
		text.replace('namespace: shop }', `namespace: shop, creationTimestamp: "${time}" }`);
	const a = policy('a', 'wellKnownCACertificates: System, hostname: a.b');
	const z = policy('z', 'wellKnownCACertificates: System, hostname: z.b');

	it('the first by name is in force, and the other told', () => {
		expect(tlsIn(all(SERVICE, z, a))[0]?.[1].sni).toBe('a.b');
		expect(remarksOn(all(SERVICE, z, a))).toEqual([
			'warning 17:16 `BackendTLSPolicy shop/z: spec.targetRefs[0]` has no effect: `BackendTLSPolicy shop/a` has the same target, and comes before it',
		]);
	});

	it('the oldest is', () => {
		const texts = all(SERVICE, created(a, '2026-02-01T00:00:00Z'), created(z, '2026-01-01T00:00:00Z'));
		expect(tlsIn(texts)[0]?.[1].sni).toBe('z.b');
	});
});

describe('certificates that are not there', () => {
	const endpointsIn = (documents: string, native = NATIVE): number[] =>
		configOf(documents, native).services.map(({ endpoints }) => endpoints.length);

	it.each([
		['a document that is not there', '', 'names a `ConfigMap` that is not there'],
		['a document of another namespace', ca('one').replace('shop', 'other'), 'names a `ConfigMap` that is not there'],
		['no `ca.crt`', configMap('one', '{}'), 'names a `ConfigMap` without `ca.crt`'],
		['no data', configMap('one', ''), 'names a `ConfigMap` without `ca.crt`'],
		['text that is none', configMap('one', '{ ca.crt: "none" }'), 'names a `ConfigMap` without a certificate'],
	])('(%s) leave the service without endpoints: it is asked in no other way', (_, map, why) => {
		const texts = all(SERVICE, policy('p', refs('one')), ...(map === '' ? [] : [map]));
		expect(endpointsIn(texts)).toEqual([0]);
		const [warning, ...more] = remarksOn(texts).filter((remark) => remark.startsWith('warning'));
		expect([warning, more]).toEqual([
			`warning 18:37 \`BackendTLSPolicy shop/p: spec.validation.caCertificateRefs[0]\` ${why}: requests get 503`,
			[],
		]);
	});

	it('are left out where others are there', () => {
		const texts = all(SERVICE, policy('p', refs('gone', 'one')), ca('one'));
		expect(endpointsIn(texts)).toEqual([1]);
		expect(remarksOn(texts)).toEqual([
			'warning 18:37 `BackendTLSPolicy shop/p: spec.validation.caCertificateRefs[0]` names a `ConfigMap` that is not there: it is left out',
		]);
	});

	it('leave an entry of the route file without endpoints as well, wherever it has them from', () => {
		const native = `${NATIVE}services: { payments: { hostnames: [a], dns: { name: a, port: 80 } } }\n`;
		const [entry] = configOf(policy('p', refs('gone')), native).services;
		expect(entry).toMatchObject({ source: null, endpoints: [], policy: { tls: { mode: 'simple' } } });
		expect(remarksOn(policy('p', refs('gone')), native)).toHaveLength(1);
	});
});

describe('a BackendTLSPolicy that does nothing is told', () => {
	it.each([
		[
			'for a service that is not there',
			all(SERVICE, policy('p', SYSTEM, '{ kind: Service, name: stock }')),
			'warning 17:16 `BackendTLSPolicy shop/p: spec.targetRefs[0]` names a service that is not there, and has no effect | a `Service` among the documents, or an entry of `services`',
		],
		[
			'for a port that is not there',
			all(SERVICE, policy('p', SYSTEM, '{ kind: Service, name: payments, sectionName: grpc }')),
			'warning 17:62 `BackendTLSPolicy shop/p: spec.targetRefs[0].sectionName` is the name of no port of the service, and has no effect',
		],
	])('%s', (_, texts, warning) => {
		expect(remarksOn(texts)).toEqual([warning]);
	});

	it.each([
		[
			'where the entry says itself how it is asked',
			'{ endpoints: [], tls: { mode: off } }',
			TARGET,
			'5:16 `BackendTLSPolicy shop/p: spec.targetRefs[0]` has no effect: `services.payments` has a `tls` of its own',
		],
		[
			'for a port that the entry does not have',
			'{ dns: { name: a, port: 80 }, ports: { a: 1 } }',
			'{ kind: Service, name: payments, sectionName: web }',
			'5:62 `BackendTLSPolicy shop/p: spec.targetRefs[0].sectionName` is the name of no port of `services.payments`, and has no effect',
		],
	])('%s', (_, entry, target, warning) => {
		const native = `${NATIVE}services: { payments: ${entry} }\n`;
		expect(remarksOn(policy('p', SYSTEM, target), native)).toContain(`warning ${warning}`);
	});
});

describe('a BackendTLSPolicy that cannot be obeyed is a named error', () => {
	const VALIDATION = 'BackendTLSPolicy shop/p: spec.validation';
	const EITHER = '`caCertificateRefs`, or `wellKnownCACertificates: System`';
	it.each<readonly [what: string, text: string, ...mistakes: string[]]>([
		[
			'no targets',
			policy('p', SYSTEM, ''),
			'5:3 `BackendTLSPolicy shop/p: spec.targetRefs` has no target | at least one Service',
		],
		[
			'another kind of target',
			policy('p', SYSTEM, '{ group: networking.istio.io, kind: ServiceEntry, name: a }'),
			'5:52 `BackendTLSPolicy shop/p: spec.targetRefs[0].kind` is nothing that is asked by TLS here | `Service`',
		],
		[
			'a target without a name',
			policy('p', SYSTEM, '{ kind: Service }'),
			'5:16 `BackendTLSPolicy shop/p: spec.targetRefs[0]` has no `name`',
		],
		[
			'a key of a target that is none',
			policy('p', SYSTEM, '{ kind: Service, name: a, port: 443 }'),
			'5:42 unknown key `port` in `BackendTLSPolicy shop/p: spec.targetRefs[0]` | one of `group`, `kind`, `name`, `sectionName`',
		],
		[
			'options',
			policy('p', SYSTEM, TARGET, '\noptions: { a.b/c: d }'),
			'7:3 `BackendTLSPolicy shop/p: spec.options` is not supported by this version | no such key',
		],
		[
			'no hostname',
			policy('p', 'wellKnownCACertificates: System'),
			`6:3 \`${VALIDATION}.hostname\` is missing | a name such as \`orders.example.com\` or \`*.example.com\`, without port and no IP address`,
		],
		[
			'a wildcard',
			policy('p', 'wellKnownCACertificates: System, hostname: "*.a"'),
			`6:60 \`${VALIDATION}.hostname\` is not the name of a server | a name such as \`orders.example.com\`, without wildcard`,
		],
		[
			'an address',
			policy('p', 'wellKnownCACertificates: System, hostname: 10.0.0.1'),
			`6:60 \`${VALIDATION}.hostname\` is not the name of a server | a name such as \`orders.example.com\`, without wildcard`,
		],
		[
			'nobody to believe',
			policy('p', 'hostname: a.b'),
			`6:3 \`${VALIDATION}\` does not say whom to believe | ${EITHER}`,
		],
		[
			'two to believe',
			policy('p', `wellKnownCACertificates: System, ${refs('one')}`),
			`6:42 \`${VALIDATION}.wellKnownCACertificates\` stands beside \`caCertificateRefs\` | either of ${EITHER}`,
		],
		[
			'others that are known',
			policy('p', 'wellKnownCACertificates: a.b/c, hostname: a.b'),
			`6:42 \`${VALIDATION}.wellKnownCACertificates\` is not supported by this version | \`System\``,
		],
		[
			'certificates in a Secret',
			policy('p', 'caCertificateRefs: [{ group: "", kind: Secret, name: a }], hostname: a.b'),
			`6:56 \`${VALIDATION}.caCertificateRefs[0].kind\` is no kind that holds certificates here | \`ConfigMap\``,
		],
		[
			'a key of a reference that is none',
			policy('p', 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: a, namespace: b }], hostname: a.b'),
			`6:76 unknown key \`namespace\` in \`${VALIDATION}.caCertificateRefs[0]\` | one of \`group\`, \`kind\`, \`name\``,
		],
		[
			'a name of no type',
			policy('p', `${SYSTEM}, subjectAltNames: [{ hostname: a.b }]`),
			`6:95 \`${VALIDATION}.subjectAltNames[0].type\` is not one of its values | one of \`Hostname\`, \`URI\``,
		],
		[
			'a name of another type',
			policy('p', `${SYSTEM}, subjectAltNames: [{ type: URI, hostname: a.b }]`),
			`6:95 \`${VALIDATION}.subjectAltNames[0].uri\` is missing`,
			`6:118 \`${VALIDATION}.subjectAltNames[0].hostname\` stands beside \`type: URI\` | \`uri\``,
		],
		[
			'a SPIFFE id that is none',
			policy('p', `${SYSTEM}, subjectAltNames: [{ type: URI, uri: "spiffe://A/b" }]`),
			`6:113 \`${VALIDATION}.subjectAltNames[0].uri\` has a trust domain with other characters than a-z, 0-9, ".", "-" and "_" | a SPIFFE id such as \`spiffe://mesh.local/ns/shop/sa/payments\`, another URI, or a DNS name`,
		],
		[
			'a misspelt key',
			policy('p', `${SYSTEM}, subjectAltName: []`),
			`6:77 unknown key \`subjectAltName\` in \`${VALIDATION}\` | one of \`caCertificateRefs\`, \`wellKnownCACertificates\`, \`hostname\`, \`subjectAltNames\` | did you mean \`subjectAltNames\`?`,
		],
		['no validation', document('BackendTLSPolicy', 'p', `targetRefs: [${TARGET}]`), `4:1 \`${VALIDATION}\` is missing`],
	])('%s', (_, text, ...mistakes) => {
		const native = `${NATIVE}services: { payments: { endpoints: [{ address: "10.0.0.1:80" }], hostnames: [p] }, a: { endpoints: [] } }\n`;
		expect(mistakesIn(text, native)).toEqual(mistakes);
	});

	it('as is one for a port of an entry that has several', () => {
		const native = `${NATIVE}services: { payments: { endpoints: [], ports: { web: 443, api: 8443 } } }\n`;
		expect(mistakesIn(policy('p', SYSTEM, '{ kind: Service, name: payments, sectionName: api }'), native)).toEqual([
			'5:62 `BackendTLSPolicy shop/p: spec.targetRefs[0].sectionName` is one port of `services.payments`, which has one `tls` for all of them | an entry of `services` for each port',
		]);
	});
});
