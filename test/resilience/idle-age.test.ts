import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdleAge } from '../../src/resilience/idle-age.ts';

/** Closes that are far enough apart to be moments of their own. */
function closes(age: IdleAge, ages: readonly number[], start = 0): void {
	for (const [i, ms] of ages.entries()) age.closedIdle(ms, start + i * 10_000);
}

describe('learned keep-alive', () => {
	it('keeps idle connections 4 s until something is learned', () => {
		expect(new IdleAge().retireAfterMs()).toBe(4000);
	});

	it.each([
		[5, 4000],
		[75, 74_000],
		[2, 1000],
		[1, 500],
		[0.5, 250],
		[0, 0],
		[600, 599_000],
		[86_400, 599_000],
		[Number.POSITIVE_INFINITY, 599_000],
	])('a hint of %d s retires at max(t/2, t - 1 s): %d ms', (seconds, ms) => {
		const age = new IdleAge();
		age.keepAliveHint(seconds);
		expect(age.retireAfterMs()).toBe(ms);
	});

	it.each([-1, Number.NaN])('ignores a hint of %d', (seconds) => {
		const age = new IdleAge();
		age.keepAliveHint(5);
		age.keepAliveHint(seconds);
		expect(age.retireAfterMs()).toBe(4000);
	});

	it('follows the latest hint, shorter or longer', () => {
		const age = new IdleAge();
		for (const [seconds, ms] of [
			[5, 4000],
			[2, 1000],
			[60, 59_000],
			[0, 0],
			[5, 4000],
		] as const) {
			age.keepAliveHint(seconds);
			expect(age.retireAfterMs()).toBe(ms);
		}
	});

	it('learns an idle age once two closes at different moments agree on it', () => {
		const age = new IdleAge();
		closes(age, [2000]);
		expect(age.retireAfterMs()).toBe(4000);
		closes(age, [2100], 60_000);
		expect(age.retireAfterMs()).toBe(1000);
	});

	it('does not learn from ages that do not agree', () => {
		const age = new IdleAge();
		closes(age, [20, 300, 1000, 2500]);
		expect(age.retireAfterMs()).toBe(4000);
	});

	it('learns that an app closes at once', () => {
		const age = new IdleAge();
		closes(age, [3, 5]);
		expect(age.retireAfterMs()).toBe(1.5);
	});

	it('lets the shorter of hint and observation hold', () => {
		const age = new IdleAge();
		age.keepAliveHint(75);
		closes(age, [30_000, 30_500]);
		expect(age.retireAfterMs()).toBe(29_000);
		age.keepAliveHint(75);
		expect(age.retireAfterMs()).toBe(29_000);
	});

	it('forgets what it observed when the hint changes', () => {
		const age = new IdleAge();
		age.keepAliveHint(5);
		closes(age, [2000, 2000]);
		expect(age.retireAfterMs()).toBe(1000);
		age.keepAliveHint(10);
		expect(age.retireAfterMs()).toBe(9000);
	});

	it('learns nothing from a mass close, however many connections agree', () => {
		const age = new IdleAge();
		for (let i = 0; i < 50; i++) age.closedIdle(1000, i * 2);
		for (let i = 0; i < 50; i++) age.closedIdle(1000, 60_000 + i * 2);
		expect(age.retireAfterMs()).toBe(4000);
	});

	it('takes back what the first closes of a mass close had taught', () => {
		const age = new IdleAge();
		closes(age, [2000]);
		age.closedIdle(2000, 60_000);
		expect(age.retireAfterMs()).toBe(1000);
		age.closedIdle(10, 60_010);
		age.closedIdle(700, 60_020);
		expect(age.retireAfterMs()).toBe(4000);
	});

	it('counts two connections that closed in one moment as one close', () => {
		const age = new IdleAge();
		age.closedIdle(2000, 0);
		age.closedIdle(2000, 50);
		expect(age.retireAfterMs()).toBe(4000);
		age.closedIdle(2000, 10_000);
		expect(age.retireAfterMs()).toBe(1000);
	});

	it('keeps what it had learned through a later mass close', () => {
		const age = new IdleAge();
		closes(age, [2000, 2000]);
		for (let i = 0; i < 20; i++) age.closedIdle(i * 40, 60_000 + i);
		expect(age.retireAfterMs()).toBe(1000);
	});

	it('ignores nonsense ages', () => {
		const age = new IdleAge();
		closes(age, [-5, Number.NaN, -5, Number.NaN]);
		expect(age.retireAfterMs()).toBe(4000);
	});

	it('stays between 0 and 10 min under any sequence', () => {
		const step = fc.oneof(
			fc.record({ hint: fc.double({ min: 0, max: 1e6, noNaN: true }), age: fc.constant(0), gap: fc.nat(1000) }),
			fc.record({ hint: fc.constant(-1), age: fc.nat(1_000_000), gap: fc.nat(1000) }),
		);
		fc.assert(
			fc.property(fc.array(step), (steps) => {
				const idle = new IdleAge();
				let now = 0;
				for (const { hint, age, gap } of steps) {
					now += gap;
					if (hint >= 0) idle.keepAliveHint(hint);
					else idle.closedIdle(age, now);
					expect(idle.retireAfterMs()).toBeGreaterThanOrEqual(0);
					expect(idle.retireAfterMs()).toBeLessThanOrEqual(600_000);
				}
			}),
		);
	});
});
