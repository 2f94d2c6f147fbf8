/** A second attempt beside one that takes long. */
import * as z from 'zod';
import { DURATION_PATTERN, formatDuration, parseDuration } from '../duration.ts';
import { block, fault, fieldFacts, integer, percentage } from './field.ts';

/** Each of them is a request that a backend answers for nothing. */
const MAX_HEDGES = 3;
const EXPECTED_AFTER = '`p95`, or a duration such as `50ms`, at least 1ms';

const after = z
	.string()
	.transform((input, context): number | 'p95' => {
		if (input === 'p95') return input;
		const millis = parseDuration(input);
		if (millis >= 1) return millis;
		const message = millis < 0 ? 'is neither `p95` nor a duration' : 'is too short';
		context.issues.push(fault(input, message, { expected: EXPECTED_AFTER }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a duration',
		expected: EXPECTED_AFTER,
		type: 'p95 \\| duration',
		input: { anyOf: [{ const: 'p95' }, { type: 'string', pattern: DURATION_PATTERN }] },
		render: (value: number | 'p95') => (value === 'p95' ? value : formatDuration(value)),
	});

export const hedge = block({
	after: after.prefault('p95').describe('How long an attempt may take alone. `p95`: as 95 of 100 recent ones did.'),
	max: integer(1, MAX_HEDGES).prefault(1).describe('Further attempts of one request.'),
	budgetPercent: percentage().prefault(5).describe('Hedges as a share of the requests.'),
});
