import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	DEFAULT_PACE,
	ENDED,
	EXPIRED,
	errorEvent,
	failed,
	thrown,
	waitAfter,
} from '../../../src/discovery/kubernetes/outcome.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

/** Draws the same number every time. */
class FixedRandom extends SeededRandom {
	private readonly value: number;

	constructor(value: number) {
		super(0);
		this.value = value;
	}

	override next(): number {
		return this.value;
	}
}

const HALF = new FixedRandom(0.5);

describe('the wait', () => {
	it.each([
		[0, 400],
		[1, 800],
		[2, 1600],
		[5, 12_800],
		[6, 15_000],
		[5000, 15_000],
	])('after %i failures is around %i ms', (failures, ms) => {
		expect(waitAfter(failed('x'), failures, HALF, DEFAULT_PACE)).toBe(ms);
		expect(waitAfter(ENDED, failures, HALF, DEFAULT_PACE)).toBe(ms);
		expect(waitAfter(EXPIRED, failures, new FixedRandom(0), DEFAULT_PACE)).toBe(0);
	});

	it('is never shorter than what the server asked for, as long as that is no more than the cap', () => {
		fc.assert(
			fc.property(fc.nat(100_000), fc.nat(50), fc.nat(), (asked, failures, seed) => {
				const ms = waitAfter(failed('x', false, asked), failures, new SeededRandom(seed), DEFAULT_PACE);
				expect(ms).toBeGreaterThanOrEqual(Math.min(asked, 30_000));
				expect(ms).toBeLessThanOrEqual(30_800);
			}),
		);
	});
});

describe('an ERROR event', () => {
	it.each([
		[{ code: 410, reason: 'Expired' }, 'expired'],
		[{ reason: 'Gone' }, 'expired'],
		[{ code: 500, message: 'leader changed' }, 'failed'],
		[{ code: 429 }, 'failed'],
		[null, 'failed'],
		['text', 'failed'],
	])('%j is %s', (object, is) => {
		expect(errorEvent(object).is).toBe(is);
	});

	it('that the server gets over needs no new list; another one does', () => {
		expect(errorEvent({ code: 503, message: 'm' })).toMatchObject({ mustList: false, reason: 'the watch broke: m' });
		expect(errorEvent({ code: 429 })).toMatchObject({ mustList: false });
		expect(errorEvent({ code: 400 })).toMatchObject({ mustList: true, reason: 'the watch broke: 400' });
	});
});

it('an error without a message is told by its code', () => {
	const nameless = (error: Error, code?: string) => Object.assign(error, { message: '', code });
	expect(thrown(nameless(new AggregateError([], 'all'), 'ECONNREFUSED')).reason).toBe('ECONNREFUSED');
	expect(thrown('text').reason).toBe('text');
	expect(thrown(nameless(new RangeError('x'))).reason).toBe('RangeError');
});
