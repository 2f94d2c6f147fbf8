/** Where the endpoints of a service come from when the route file does not list them. */
import * as z from 'zod';
import {
	block,
	duration,
	EVEN_WITH_ISSUES,
	fault,
	fieldFacts,
	hasUnknownKey,
	MAX_PORT,
	MIN_PORT,
	port,
	text,
	word,
} from './field.ts';

/** Below this a name server would be asked for its own sake. */
const MIN_REFRESH_MS = 100;

/** As a hostname, and the labels with an underscore of RFC 2782: `_http._tcp.payments.shop.svc`. */
const DNS_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$/;

export const dnsSource = block({
	name: text('a name', 'a name such as `payments.shop.svc`, without port', DNS_NAME).describe(
		'The name that is asked for.',
	),
	port: port()
		.optional()
		.describe('Port of the endpoints. Needed, but with `type: SRV`, where each record has its own.'),
	refresh: duration(MIN_REFRESH_MS)
		.prefault('5s')
		.describe('Time between two questions; longer where the TTL of the answer is.'),
	type: word(['A', 'SRV'])
		.prefault('A')
		.describe('`A`: addresses, IPv4 and IPv6. `SRV`: addresses with ports and weights.'),
}).superRefine((dns, context) => {
	if (dns.type !== 'A' || dns.port !== undefined || hasUnknownKey(context)) return;
	context.addIssue(fault(dns, 'is missing', { path: ['port'] }));
}, EVEN_WITH_ISSUES);

export const fileSource = text('a path', 'a path such as `endpoints/payments.yaml`, seen from the folder of this file');

/** A label (RFC 1123), as Kubernetes names services, namespaces and ports. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const EXPECTED_KUBERNETES_NAME = 'a name of lower-case letters, digits and `-`, at most 63';
export const kubernetesName = () => text('a name', EXPECTED_KUBERNETES_NAME, LABEL);

const EXPECTED_PORT = `the name of a port, or a port from ${MIN_PORT} to ${MAX_PORT}`;

const portOrName = z
	.union([z.string(), z.number()])
	.transform((input, context): string => {
		const written = String(input);
		const isPort = /^[0-9]{1,5}$/.test(written) && Number(written) >= MIN_PORT && Number(written) <= MAX_PORT;
		if (isPort || (LABEL.test(written) && /[a-z]/.test(written))) return written;
		context.issues.push(fault(input, 'is not a port', { expected: EXPECTED_PORT }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a port',
		expected: EXPECTED_PORT,
		type: 'port or name',
		input: { anyOf: [{ type: 'integer', minimum: MIN_PORT, maximum: MAX_PORT }, { type: 'string' }] },
		render: (value: string) => value,
	});

export const kubernetesSource = block({
	service: kubernetesName().describe('Name of the Service.'),
	namespace: kubernetesName()
		.optional()
		.describe("Namespace of the Service. Default: the app's own, `app.namespace`.")
		.register(fieldFacts, { implied: (_siblings, { namespace }) => namespace }),
	port: portOrName.optional().describe('Name or number of one of its ports. Default: the only one.'),
});
