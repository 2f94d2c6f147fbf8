/** This workload's identity, and TLS: on the inbound port, and towards services. */
import * as z from 'zod';
import { isKeyText } from '../hidden-keys.ts';
import { block, EVEN_WITH_ISSUES, fault, fieldFacts, hasUnknownKey, listOf, text, withFacts, word } from './field.ts';
import { identityOfPeerName, peerName, serverName } from './peer-name.ts';

const MAX_PEER_NAMES = 64;
const FILES = ['certificate', 'key', 'trustBundle'] as const;
const EXPECTED_SOURCE = '`certificate`, `key` and `trustBundle`, or `workloadApi`';

/** Seen from the folder of the route file, as every path in it. */
function pemPath(example: string) {
	return text('a path', `the path of a PEM file, such as \`${example}\``).superRefine((path, context) => {
		if (!isKeyText(path)) return;
		context.addIssue(fault(path, 'holds a certificate or a key itself', { expected: 'the path of a PEM file' }));
	});
}

const EXPECTED_SOCKET = 'the URL of a Unix socket, such as `unix:///run/spire/agent.sock`';
/** The SPIFFE Workload Endpoint's own form, with or without its empty authority (§4). */
const SOCKET_URL = /^unix:(?:\/\/)?(\/[^\x00-\x20\x7f?#/][^\x00-\x20\x7f?#]*)$/;
/** What the system takes as the path of a socket. */
const MAX_SOCKET_PATH = 107;

const workloadApi = z
	.string()
	.transform((input, context) => {
		const [, path] = SOCKET_URL.exec(input) ?? [];
		if (path !== undefined && path.length <= MAX_SOCKET_PATH) return path;
		const message = path === undefined ? 'is not the URL of a Unix socket' : 'is too long for a socket';
		context.issues.push(fault(input, message, { expected: EXPECTED_SOCKET }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'the URL of a Unix socket',
		expected: EXPECTED_SOCKET,
		type: 'URL of a socket',
		input: { type: 'string', pattern: '^unix:/' },
		render: (path: string) => `unix://${path}`,
	});

const minVersion = z
	.preprocess((input) => (typeof input === 'number' ? String(input) : input), word(['1.2', '1.3']))
	.register(fieldFacts, { otherForms: [{ enum: [1.2, 1.3] }] });

export const tlsSchema = block(
	{
		mode: word(['strict', 'permissive', 'off'])
			.prefault('strict')
			.describe(
				'What the inbound port takes. `strict`: TLS with a client certificate that `trustBundle` vouches for. `permissive`: also TLS without one, and plaintext, whose callers have no identity. `off`: plaintext; the identity is for calls alone. A bad certificate is always refused.',
			),
		certificate: pemPath('certs/orders.pem')
			.optional()
			.describe('PEM file of the certificate, with its chain. It is watched: a new one takes effect by itself.'),
		key: pemPath('certs/orders.key').optional().describe('PEM file of its private key.'),
		trustBundle: pemPath('certs/ca.pem')
			.optional()
			.describe('PEM file of the authorities whose certificates are believed.'),
		workloadApi: workloadApi
			.optional()
			.describe('The SPIFFE Workload API, which gives certificates in place of the three files.'),
		minVersion: minVersion.prefault('1.2').describe('Oldest version of TLS that is spoken, in both directions.'),
	},
	[],
	`a mapping with ${EXPECTED_SOURCE}`,
)
	.superRefine(checkSource, EVEN_WITH_ISSUES)
	.register(fieldFacts, { exactlyOneOf: ['certificate', 'workloadApi'], showsOnlySet: true, needsValue: true })
	.describe('Who this workload is, and TLS on the inbound port. Default: no identity, and plaintext.');

export type TlsInput = z.output<typeof tlsSchema>;

/** Each partner that is missing is named. */
function checkSource(tls: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
	const written = FILES.filter((key) => tls[key] !== undefined);
	if (tls['workloadApi'] !== undefined) {
		for (const key of written) {
			const details = { expected: `either of ${EXPECTED_SOURCE}`, path: [key], isKey: true };
			context.addIssue(fault(tls, 'stands beside `workloadApi`', details));
		}
		return;
	}
	if (hasUnknownKey(context)) return;
	if (written.length === 0) {
		context.addIssue(fault(tls, 'does not say where the certificate comes from', { expected: EXPECTED_SOURCE }));
		return;
	}
	for (const key of FILES) {
		if (tls[key] === undefined) context.addIssue(fault(tls, 'is missing', { path: [key] }));
	}
}

export const serviceTls = withFacts(
	block(
		{
			mode: word(['off', 'simple', 'mutual', 'auto'])
				.prefault('auto')
				.describe(
					'`mutual`: both sides prove who they are. `simple`: only the service does. `off`: plaintext. `auto`: `mutual` if the endpoint or the service declares an identity, else plaintext; it is never found out by trying.',
				),
			sni: serverName
				.optional()
				.describe(
					'Name that is asked for. Default: the first of `hostnames`, else the name in the address of an endpoint.',
				),
			subjectAltNames: listOf(peerName, MAX_PEER_NAMES, identityOfPeerName)
				.min(1)
				.register(fieldFacts, {
					noun: 'a list',
					expected: `a list of at most ${MAX_PEER_NAMES} such as \`["spiffe://mesh.local/ns/shop/sa/payments"]\``,
					needsValue: true,
				})
				.optional()
				.describe(
					'Names of which the certificate of the service must have one: SPIFFE ids, other URIs, DNS names. Default: with `mutual` any SPIFFE id of our own trust domain, with `simple` the `sni`.',
				),
			trustBundle: pemPath('certs/partner-ca.pem')
				.optional()
				.describe(
					'PEM file of the authorities that are believed here. Default: with `mutual` `tls.trustBundle`, with `simple` those of the system.',
				),
		},
		[],
		'a mapping such as `{ mode: mutual }`',
	),
	{ needsValue: true },
);

export type ServiceTlsInput = z.output<typeof serviceTls>;
