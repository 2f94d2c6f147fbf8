/** An entry of `services`. */
import type * as z from 'zod';
import { isLoopback } from '../addresses.ts';
import {
	dnsSource,
	EXPECTED_KUBERNETES_NAME,
	fileSource,
	kubernetesName,
	kubernetesSource,
} from './endpoint-source.ts';
import { endpointList, labels } from './endpoints.ts';
import { block, EVEN_WITH_ISSUES, fault, fieldFacts, hasUnknownKey, listOf, mapOf, port, text, word } from './field.ts';
import { listenAddress } from './listen.ts';
import { EXPECTED_NAME, NAME, PRECISE_HOSTNAME } from './names.ts';
import { servicePolicyKeys } from './service.ts';

const MAX_HOSTNAMES = 64;
const MAX_PORTS = 64;
const MAX_SUBSETS = 64;
const MAX_SERVICES = 10_000;

/** Where endpoints come from: each entry has one of them. */
const SOURCES = ['endpoints', 'dns', 'file', 'kubernetes'] as const;

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
		listen: listenAddress()
			.optional()
			.describe('A port of its own, for an app that cannot name it otherwise; a loopback address. Default: none.'),
		endpoints: endpointList
			.optional()
			.describe('Where it is. Exactly one of `endpoints`, `dns`, `file` and `kubernetes`.'),
		dns: dnsSource.optional().describe('The endpoints are what a name resolves to.'),
		file: fileSource
			.optional()
			.describe('The endpoints are in a file of their own, which is watched: a list as under `endpoints`.'),
		kubernetes: kubernetesSource.optional().describe('The endpoints are those of a Service of the cluster, watched.'),
		subsets: mapOf(labels, {
			expected: 'a mapping such as `{ canary: { version: v2 } }`',
			type: 'mapping of names to labels',
			name: NAME,
			expectedName: EXPECTED_NAME,
			max: MAX_SUBSETS,
		})
			.prefault({})
			.describe(
				'Parts of it: `payments/canary` in `backendRefs`. By the labels of their endpoints; with `kubernetes` by a Service of their own: `{ canary: { service: payments-canary } }`.',
			),
		...servicePolicyKeys,
	},
	[],
	'a mapping with at least `endpoints`, `dns`, `file` or `kubernetes`',
)
	.superRefine((service, context) => {
		checkSource(service, context);
		checkListen(service, context);
		checkSubsets(service, context);
	}, EVEN_WITH_ISSUES)
	.register(fieldFacts, { exactlyOneOf: SOURCES });

export type NamedServiceInput = z.output<typeof entry>;

/** Of an entry whose keys may be malformed. */
type MaybeService = Readonly<Record<string, unknown>>;

function checkSource(service: MaybeService, context: z.RefinementCtx): void {
	const [first, ...others] = SOURCES.filter((key) => service[key] !== undefined);
	const expected = 'exactly one of `endpoints`, `dns`, `file`, `kubernetes`';
	if (first === undefined && !hasUnknownKey(context)) {
		context.addIssue(fault(service, 'does not say where its endpoints are', { expected }));
	}
	for (const key of others) {
		context.addIssue(fault(service, `stands beside \`${first}\``, { expected, path: [key], isKey: true }));
	}
}

function checkListen(service: MaybeService, context: z.RefinementCtx): void {
	const { listen } = service;
	// An address that is not valid is told as that.
	if (typeof listen !== 'object' || listen === null || !('host' in listen) || 'intercepted' in listen) return;
	if (typeof listen.host !== 'string' || isLoopback(listen.host)) return;
	const expected = 'a loopback address such as `127.0.0.1:7001`';
	const message = 'is no loopback address: whoever reaches it can call through it';
	context.addIssue(fault(listen, message, { expected, path: ['listen'] }));
}

/** With `kubernetes`, `{ service: payments-canary }` is a Service; elsewhere it is a label as any other. */
function checkSubsets(service: MaybeService, context: z.RefinementCtx): void {
	const { kubernetes, subsets } = service;
	if (kubernetes === undefined || typeof subsets !== 'object' || subsets === null) return;
	for (const [name, wanted] of Object.entries(subsets)) {
		if (typeof wanted !== 'object' || wanted === null || !('service' in wanted)) continue;
		const path = ['subsets', name];
		if (Object.keys(wanted).length > 1) {
			const details = { expected: 'either of them', path };
			context.addIssue(fault(wanted, 'has a `service` beside labels', details));
		} else if (!kubernetesName().safeParse(wanted.service).success) {
			const details = { expected: EXPECTED_KUBERNETES_NAME, path: [...path, 'service'] };
			context.addIssue(fault(wanted, 'is not the name of a Service', details));
		}
	}
}

/** Services that are there without an entry. */
const TAKEN_NAMES = [
	['app', 'the app behind the sidecar'],
	['passthrough', 'what hosts that no service lists are called in metrics and logs'],
] as const;

export const namedServices = mapOf(entry, {
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
