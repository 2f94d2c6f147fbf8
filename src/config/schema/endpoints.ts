/** A list of endpoints: in an entry of `services`, or in a file of its own. */
import * as z from 'zod';
import { isIpv6 } from '../../http/authority.ts';
import { block, fault, fieldFacts, integer, listOf, MAX_PORT, MIN_PORT, mapOf, text, withFacts } from './field.ts';
import { formatListen } from './listen.ts';
import { EXPECTED_NAME, NAME, PRECISE_HOSTNAME } from './names.ts';
import { spiffeId } from './peer-name.ts';

const MAX_LABELS = 64;
/** As many as Kubernetes puts in a hundred slices: more than one sidecar should know of one service. */
export const MAX_ENDPOINTS = 10_000;
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

export const labels = mapOf(
	text('a value', 'text; quote it when it looks like a number', /^[^\x00-\x1f\x7f]{0,253}$/),
	{
		expected: 'a mapping such as `{ version: v1 }`',
		type: 'mapping of labels',
		name: LABEL,
		expectedName: EXPECTED_LABEL,
		max: MAX_LABELS,
	},
);

const endpoint = block({
	address: endpointAddress.describe('Where it listens: an IP address or a name, and a port.'),
	weight: integer(1, MAX_WEIGHT).prefault(1).describe('Share of the requests among the endpoints.'),
	zone: text('a zone', EXPECTED_NAME, NAME).optional().describe('The zone that it is in.'),
	labels: labels.prefault({}).describe('Labels, by which `subsets` choose.'),
	identity: withFacts(spiffeId, { needsValue: true })
		.optional()
		.describe('SPIFFE id that its certificate must have. Default: what `tls` of the service says.'),
});

/** The value may be malformed. Names are the same in any case. */
function identityOfEndpoint(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('address' in value)) return value;
	const at = value.address;
	if (typeof at !== 'object' || at === null || !('host' in at && 'port' in at)) return value;
	return typeof at.host === 'string' && typeof at.port === 'number' ? `${at.host.toLowerCase()} ${at.port}` : value;
}

export const endpointList = listOf(endpoint, MAX_ENDPOINTS, identityOfEndpoint).register(fieldFacts, {
	noun: 'a list',
	expected: `a list of at most ${MAX_ENDPOINTS} such as \`[{ address: "10.0.0.7:8443" }]\``,
});
export type EndpointsInput = z.output<typeof endpointList>;
