import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/clock.ts';
import type { FaultInjection } from '../../src/config/config.ts';
import { ProxyError } from '../../src/error.ts';
import { faultFilters } from '../../src/filters/fault.ts';
import type { Verdict } from '../../src/filters/filter.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { requestOf } from './policy-request.ts';

/** What a chain says, resumed after each wait. */
function run(fault: FaultInjection, random: Random): Verdict[] {
	const request = requestOf({ random });
	return faultFilters(fault).map((filter) => filter.onRequest(request));
}

function drawing(...values: readonly number[]): Random {
	const left = [...values];
	return { next: () => left.shift() ?? 1, hex: () => '', uuid: () => '' };
}

const abort = (status: number, percent: number) => ({ delay: null, abort: { status, percent } });
const delay = (fixed: number, percent: number) => ({ delay: { fixed, percent }, abort: null });

describe('fault injection', () => {
	it('is nothing where nothing can happen', () => {
		expect(faultFilters({ delay: null, abort: null })).toEqual([]);
		expect(faultFilters({ ...delay(100, 0), ...{ abort: { status: 503, percent: 0 } } })).toEqual([]);
		expect(faultFilters(delay(0, 100))).toEqual([]);
	});

	it('aborts with the status that the rule says', () => {
		const [verdict] = run(abort(418, 100), drawing(0.999));
		if (!(verdict instanceof ProxyError)) throw new Error('not aborted');
		expect([verdict.code, verdict.status, verdict.flag]).toEqual(['fault_injected', 418, 'FI']);
		expect(verdict.detail).toContain('418');
	});

	it('delays for as long as the rule says', () => {
		expect(run(delay(100, 100), drawing(0.999))).toEqual([{ kind: 'wait', ms: 100 }]);
	});

	it('waits before it aborts, and draws each by itself', () => {
		const both = { ...delay(100, 50), abort: { status: 503, percent: 10 } };
		const kinds = (first: number, second: number) =>
			run(both, drawing(first, second)).map((verdict) =>
				verdict === null ? null : 'kind' in verdict ? 'wait' : 'abort',
			);
		expect(kinds(0.49, 0.09)).toEqual(['wait', 'abort']);
		expect(kinds(0.5, 0.09)).toEqual([null, 'abort']);
		expect(kinds(0.49, 0.1)).toEqual(['wait', null]);
		expect(kinds(0.5, 0.1)).toEqual([null, null]);
	});

	it.each([0.5, 5, 50, 99.5])('hits %d %% of the requests', (percent) => {
		const random = new SeededRandom(11);
		const draws = 100_000;
		let hits = 0;
		for (let i = 0; i < draws; i++) if (run(abort(503, percent), random)[0] !== null) hits++;
		const share = percent / 100;
		expect(Math.abs(hits / draws - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / draws));
	});
});
