import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HealthThreshold } from '../../src/resilience/health-threshold.ts';

function changes(healthy: number, unhealthy: number, results: string): string[] {
	const threshold = new HealthThreshold({ healthy, unhealthy });
	return [...results].map((result) => {
		const change = threshold.checked(result === '+');
		return change === null ? '' : `${change.isHealthy ? 'well' : 'ill'}: ${change.reason} ${change.checks}`;
	});
}

describe('health threshold', () => {
	it('knows nothing before the first check, which decides at once', () => {
		expect(new HealthThreshold({ healthy: 3, unhealthy: 3 }).isHealthy).toBeNull();
		expect(changes(3, 3, '+')).toEqual(['well: first-check 1']);
		expect(changes(3, 3, '-')).toEqual(['ill: first-check 1']);
	});

	it('needs so many in a row to turn, and one to the contrary begins anew', () => {
		expect(changes(2, 3, '+--+---')).toEqual(['well: first-check 1', '', '', '', '', '', 'ill: failed-in-a-row 3']);
		expect(changes(2, 3, '-+-++')).toEqual(['ill: first-check 1', '', '', '', 'well: passed-in-a-row 2']);
		expect(changes(1, 1, '+-+')).toEqual(['well: first-check 1', 'ill: failed-in-a-row 1', 'well: passed-in-a-row 1']);
	});

	it('is what the results themselves say, for any of them', () => {
		const count = fc.integer({ min: 1, max: 5 });
		fc.assert(
			fc.property(count, count, fc.array(fc.boolean(), { maxLength: 60 }), (healthy, unhealthy, results) => {
				const threshold = new HealthThreshold({ healthy, unhealthy });
				let state: boolean | null = null;
				for (const [index, result] of results.entries()) {
					const needed = result ? healthy : unhealthy;
					const last = results.slice(Math.max(0, index + 1 - needed), index + 1);
					const isUnanimous = last.length === needed && last.every((each) => each === result);
					const turns = state === null || (state !== result && isUnanimous);
					const change = threshold.checked(result);
					expect(change?.isHealthy ?? null).toBe(turns ? result : null);
					if (turns) state = result;
					expect(threshold.isHealthy).toBe(state);
				}
			}),
		);
	});
});
