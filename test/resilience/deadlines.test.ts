import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsWithClient, hadFairTime, inheritedDeadline } from '../../src/resilience/deadlines.ts';

const NEVER = Number.POSITIVE_INFINITY;

describe('the deadline that a call takes over', () => {
	it.each([
		['explicit', 500, 500, 500],
		// A default that is nearer was not stated.
		['explicit', 500, 300, 500],
		['explicit', NEVER, 300, NEVER],
		['explicit', NEVER, NEVER, NEVER],
		// It became a tunnel.
		['explicit', 500, NEVER, NEVER],
		['always', 500, 300, 300],
		['always', NEVER, 300, 300],
		['always', 500, NEVER, NEVER],
		['off', 500, 300, NEVER],
	] as const)('%s, stated %d, in force %d: %d', (inherit, stated, inForce, expected) => {
		expect(inheritedDeadline(inherit, stated, inForce)).toBe(expected);
	});

	it('is never invented', () => {
		const time = fc.oneof(fc.double({ noNaN: true }), fc.constant(NEVER));
		fc.assert(
			fc.property(fc.constantFrom('explicit', 'always', 'off'), time, time, (inherit, stated, inForce) => {
				expect([stated, inForce, NEVER]).toContain(inheritedDeadline(inherit, stated, inForce));
			}),
		);
	});
});

it.each([
	[0, 1000, false],
	[499, 1000, false],
	[500, 1000, true],
	[999, 1000, true],
	// The rule gives it any time.
	[1e9, 0, false],
])('a service that has had %d ms of %d has failed: %s', (hadMs, ruleMs, expected) => {
	expect(hadFairTime(hadMs, ruleMs)).toBe(expected);
});

it.each([
	['safe', 'GET', true],
	['safe', 'HEAD', true],
	['safe', 'OPTIONS', false],
	['safe', 'POST', false],
	['safe', 'PUT', false],
	['safe', 'get', false],
	['always', 'POST', true],
	['always', 'GET', true],
	['off', 'GET', false],
	['off', 'POST', false],
] as const)('cancel: %s ends %s with its client: %s', (cancel, method, ends) => {
	expect(endsWithClient(cancel, method)).toBe(ends);
});
