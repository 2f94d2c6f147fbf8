import * as z from 'zod';
import type { RateLimitKey } from '../config.ts';
import { block, duration, fault, fieldFacts, integer, listOf } from './field.ts';
import { HEADER_NAME } from './names.ts';

const MAX_REQUESTS = 1_000_000_000;
/** Below this the bucket would be refilled more often than the clock of a busy event loop moves. */
const MIN_PERIOD_MS = 10;
/** Each combination has a bucket of its own. */
const MAX_KEYS = 4;

const EXPECTED_KEY = '`peer`, `client` or `{ header: x-api-key }`';

const key = z
	.unknown()
	.transform((input, context): RateLimitKey => {
		if (input === 'peer' || input === 'client') return { by: input };
		const entries = typeof input === 'object' && input !== null ? Object.entries(input) : [];
		const [[name, value] = ['', '']] = entries;
		if (entries.length === 1 && name === 'header' && typeof value === 'string' && HEADER_NAME.test(value)) {
			return { by: 'header', name: value.toLowerCase() };
		}
		context.issues.push(fault(input, 'does not say whose requests are counted together', { expected: EXPECTED_KEY }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a key',
		expected: EXPECTED_KEY,
		type: 'peer \\| client \\| { header: name }',
		input: {
			anyOf: [
				{ enum: ['peer', 'client'] },
				{
					type: 'object',
					properties: { header: { type: 'string' } },
					required: ['header'],
					additionalProperties: false,
				},
			],
		},
		render: (value: RateLimitKey) => (value.by === 'header' ? { header: value.name } : value.by),
	});

/** The value may be malformed. */
function identityOf(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('by' in value)) return value;
	return 'name' in value && typeof value.name === 'string' ? `header ${value.name}` : value.by;
}

export const rateLimit = block({
	requests: integer(1, MAX_REQUESTS).describe('Requests that are let through in `per`; more get 429.'),
	per: duration(MIN_PERIOD_MS).prefault('1s').describe('Length of the period.'),
	burst: integer(0, MAX_REQUESTS).prefault(0).describe('Requests beyond that after a quiet time.'),
	by: listOf(key, MAX_KEYS, identityOf)
		.prefault([])
		.describe(
			"Whose requests are counted together: by the peer's address, by the client's (see `trustedHops`), by the value of a header field, or by all that are in the list. Default: all of the rule's.",
		),
});
