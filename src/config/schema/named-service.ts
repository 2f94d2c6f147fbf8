/** An entry of `services`. */
import * as z from 'zod';
import { isIpv6 } from '../../http/authority.ts';
import { block, fault, fieldFacts, integer, listOf, MAX_PORT, MIN_PORT, mapOf, port, text, word } from './field.ts';
import { formatListen } from './listen.ts';
import { EXPECTED_NAME, NAME, PRECISE_HOSTNAME } from './names.ts';
import { LATER_POLICY_KEYS, servicePolicyKeys } from './service.ts';

const MAX_HOSTNAMES = 64;
const MAX_PORTS = 64;
const MAX_SUBSETS = 64;
const MAX_LABELS = 64;
const MAX_SERVICES = 10_000;
/** As many as Kubernetes puts in ten slices; a list that long is not written by hand. */
const MAX_ENDPOINTS = 1000;
const MAX_WEIGHT = 1_000_000;

/** Kubernetes' form of a label's key: an optional prefix, and a name. */
const LABEL = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const EXPECTED_LABEL = 'the key of a label, such as `version` or `app.kubernetes.io/name`';

/** `10.0.0.7:8443`, `[::1]:8443`, `payments-0:8443`. */
const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):([0-9]{1,5})$/;
const EXPECTED_ADDRESS = '`"host:port"`, such as `"10.0.0.7:8443"`';

export const endpointAddress = z
	.string()
	.transform((input, context) => {
		const [, v6, name = '', digits] = HOST_AND_PORT.exec(input) ?? [];
		const host = v6 ?? name;
		const number = Number(digits);
		const isHost = v6 === undefined ? PRECISE_HOSTNAME.test(host) : isIpv6(v6);
		if (isHost && number >= MIN_PORT && number <= MAX_PORT) return { host, port: number };
		context.issues.push(fault(input, 'is not an address', { expected: EXPECTED_ADDRESS }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'an address',
		expected: EXPECTED_ADDRESS,
		type: '"host:port"',
		input: { type: 'string', pattern: ':[0-9]{1,5}$' },
		render: formatListen,
	});

const labels = mapOf(text('a value', 'text; quote it when it looks like a number', /^[^\x00-\x1f\x7f]{0,253}$/), {
	expected: 'a mapping such as `{ version: v1 }`',
	type: 'mapping of labels',
	name: LABEL,
	expectedName: EXPECTED_LABEL,
	max: MAX_LABELS,
});

const endpoint = block({
	address: endpointAddress.describe('Where it listens: an IP address or a name, and a port.'),
	weight: integer(1, MAX_WEIGHT).prefault(1).describe('Share of the requests among the endpoints.'),
	zone: text('a zone', EXPECTED_NAME, NAME).optional().describe('The zone that it is in.'),
	labels: labels.prefault({}).describe('Labels, by which `subsets` choose.'),
});

/** The value may be malformed. */
function identityOfEndpoint(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('address' in value)) return value;
	const at = value.address;
	if (typeof at !== 'object' || at === null || !('host' in at && 'port' in at)) return value;
	return typeof at.host === 'string' && typeof at.port === 'number' ? `${at.host} ${at.port}` : value;
}

const endpoints = listOf(endpoint, MAX_ENDPOINTS, identityOfEndpoint).register(fieldFacts, {
	noun: 'a list',
	expected: `a list of at most ${MAX_ENDPOINTS} such as \`[{ address: "10.0.0.7:8443" }]\``,
});

/** Sources of endpoints that later versions know. */
const LATER_SOURCES = ['dns', 'file', 'kubernetes'];

const entry = block(
	{
		hostnames: listOf(
			text('a hostname', 'a name such as `payments.shop.svc`, without port', PRECISE_HOSTNAME),
			MAX_HOSTNAMES,
		)
			.register(fieldFacts, {
				noun: 'a list',
				expected: `a list of at most ${MAX_HOSTNAMES} such as \`[payments, payments.shop.svc]\``,
			})
			.prefault([])
			.describe('Names by which callers know it; ports, case and a trailing dot do not count.'),
		ports: mapOf(port(), {
			expected: 'a mapping such as `{ http: 80 }`',
			type: 'mapping of names to ports',
			name: NAME,
			expectedName: EXPECTED_NAME,
			max: MAX_PORTS,
		})
			.prefault({})
			.describe('The ports that callers use, by name. Default: any.'),
		protocol: word(['auto', 'http1'], ['h2c', 'h2', 'grpc', 'tcp']).prefault('auto').describe('What it speaks.'),
		endpoints: endpoints.describe('Where it is.'),
		subsets: mapOf(labels, {
			expected: 'a mapping such as `{ canary: { version: v2 } }`',
			type: 'mapping of names to labels',
			name: NAME,
			expectedName: EXPECTED_NAME,
			max: MAX_SUBSETS,
		})
			.prefault({})
			.describe('Parts of it, by the labels of their endpoints: `payments/canary` in `backendRefs`.'),
		...servicePolicyKeys,
	},
	['listen', ...LATER_SOURCES, ...LATER_POLICY_KEYS],
	'a mapping with at least `endpoints`',
);

export type NamedServiceInput = z.output<typeof entry>;

/** A service whose endpoints come from a later version's source has no other fault for that. */
function withLaterSource(input: unknown): unknown {
	if (typeof input !== 'object' || input === null || Array.isArray(input) || Object.hasOwn(input, 'endpoints'))
		return input;
	return LATER_SOURCES.some((key) => Object.hasOwn(input, key)) ? { ...input, endpoints: [] } : input;
}

/** Services that are there without an entry. */
const TAKEN_NAMES = [
	['app', 'the app behind the sidecar'],
	['passthrough', 'what hosts that no service lists are called in metrics and logs'],
] as const;

export const namedServices = mapOf(z.preprocess(withLaterSource, entry), {
	expected: 'a mapping of names to services, such as `{ payments: { endpoints: [{ address: "10.0.0.7:8443" }] } }`',
	type: 'mapping of names to services',
	name: NAME,
	expectedName: EXPECTED_NAME,
	max: MAX_SERVICES,
}).superRefine((services, context) => {
	for (const [name, what] of TAKEN_NAMES) {
		if (!Object.hasOwn(services, name)) continue;
		const details = { expected: `another name: \`${name}\` is ${what}`, path: [name], isKey: true };
		context.addIssue(fault(services, 'is a name that is taken', details));
	}
});
