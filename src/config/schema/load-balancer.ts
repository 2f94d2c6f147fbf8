/** Which endpoint of a service gets a request. */
import * as z from 'zod';
import type { HashKey } from '../service-config.ts';
import { block, duration, EVEN_WITH_ISSUES, fault, fieldFacts, word } from './field.ts';
import { HEADER_NAME } from './names.ts';

const POLICIES = ['leastRequest', 'peakEwma', 'roundRobin', 'random', 'ringHash', 'maglev'] as const;

/** Whether requests of one kind go to one endpoint. */
export function isHashed(policy: unknown): boolean {
	return policy === 'ringHash' || policy === 'maglev';
}

export const SOURCE_IP: HashKey = { by: 'sourceIp' };
const EXPECTED_HASH = '`{ header: x-user }`, `{ cookie: sid }`, `{ query: user }` or `sourceIp`';
const NAME_OF = {
	header: HEADER_NAME,
	/** A cookie's name is a token, too (RFC 6265 §4.1.1). */
	cookie: HEADER_NAME,
	query: /^[^\x00-\x1f\x7f]{1,256}$/,
} as const;
const NAMED = ['header', 'cookie', 'query'] as const;

const hash = z
	.unknown()
	.transform((input, context): HashKey => {
		if (input === 'sourceIp') return SOURCE_IP;
		const entries = typeof input === 'object' && input !== null ? Object.entries(input) : [];
		const [[key, name] = ['', '']] = entries;
		const by = NAMED.find((each) => each === key);
		if (entries.length === 1 && by !== undefined && typeof name === 'string' && NAME_OF[by].test(name)) {
			return { by, name: by === 'header' ? name.toLowerCase() : name };
		}
		context.issues.push(fault(input, 'does not say what tells requests apart', { expected: EXPECTED_HASH }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a key',
		expected: EXPECTED_HASH,
		type: '{ header: name } \\| { cookie: name } \\| { query: name } \\| sourceIp',
		input: {
			anyOf: [
				{ const: 'sourceIp' },
				...NAMED.map((key) => ({
					type: 'object',
					properties: { [key]: { type: 'string' } },
					required: [key],
					additionalProperties: false,
				})),
			],
		},
		render: (value: HashKey) => (value.by === 'sourceIp' ? value.by : { [value.by]: value.name }),
		implied: ({ policy }) => (isHashed(policy) ? SOURCE_IP : undefined),
	});

export const loadBalancer = block({
	policy: word(POLICIES)
		.prefault('leastRequest')
		.describe(
			'`leastRequest`: the less busy of two; `peakEwma`: the faster of two; `ringHash` and `maglev`: requests of one kind to one endpoint.',
		),
	hash: hash.optional().describe('What tells requests apart, for `ringHash` and `maglev`. Default: `sourceIp`.'),
	slowStart: duration().prefault('0s').describe('Time in which a new endpoint comes to its full share. `0s`: at once.'),
	zone: word(['any', 'prefer'])
		.prefault('any')
		.describe('`prefer`: endpoints in the zone of the app (`app.zone`) first.'),
}).superRefine((balancer, context) => {
	const { policy, hash } = balancer;
	if (hash === undefined || isHashed(policy) || !POLICIES.includes(policy)) return;
	const details = { expected: '`policy: ringHash` or `policy: maglev`', path: ['hash'], isKey: true };
	context.addIssue(fault(balancer, `has no meaning with \`policy: ${policy}\``, details));
}, EVEN_WITH_ISSUES);
export type LoadBalancerInput = z.output<typeof loadBalancer>;
