import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutlierDetection } from '../../src/config/service-config.ts';
import { type EjectionChange, OutlierCell, OutlierDetector } from '../../src/resilience/outlier-detector.ts';
import { OutlierModel, POLICY } from './outlier-model.ts';

interface Endpoint {
	readonly name: string;
	readonly outlier: OutlierCell;
}

const RATE = { below: 0.8, window: 10_000, minRequests: 20 };

function endpoint(name: string): Endpoint {
	return { name, outlier: new OutlierCell() };
}

function told(change: EjectionChange<Endpoint> | null): string {
	if (change === null) return '';
	const { name } = change.endpoint;
	if (change.is === 'ejected') return `${name} ejected ${change.reason} until ${change.until}`;
	if (change.is === 'kept') return `${name} kept ${change.reason} ${change.cause}`;
	return `${name} returned ${change.reason}`;
}

class Watched {
	readonly detector: OutlierDetector<Endpoint>;
	endpoints: Endpoint[];

	constructor(policy: Partial<OutlierDetection> = {}, names = 'abcd') {
		this.endpoints = [...names].map(endpoint);
		this.detector = new OutlierDetector<Endpoint>({ ...POLICY, ...policy });
		this.detector.resize(this.endpoints, 0);
	}

	at(name: string): Endpoint {
		const found = this.endpoints.find((each) => each.name === name);
		if (found === undefined) throw new Error(`no endpoint ${name}`);
		return found;
	}

	/** `ffs…` for one endpoint; what it led to. */
	outcomes(name: string, pattern: string, now: number): string[] {
		const changes: string[] = [];
		for (const outcome of pattern) {
			if (outcome === 's') this.detector.succeed(this.at(name), now);
			else changes.push(told(this.detector.fail(this.at(name), now)));
		}
		return changes.filter((change) => change !== '');
	}

	sweep(now: number): string[] {
		return this.detector.sweep(now).map(told);
	}

	resize(names: string, now: number): string[] {
		const known = new Map(this.endpoints.map((each) => [each.name, each]));
		this.endpoints = [...names].map((name) => known.get(name) ?? endpoint(name));
		return this.detector.resize(this.endpoints, now).map(told);
	}
}

describe('outlier detector: errors in a row', () => {
	it.each([
		['ffff', [], 'one too few'],
		['fffff', ['a ejected consecutive-errors until 31000'], 'enough'],
		['ffffsffff', [], 'a success between them'],
		['ffffsfffff', ['a ejected consecutive-errors until 31000'], 'enough after a success'],
		['ffffffffff', ['a ejected consecutive-errors until 31000'], 'what ends while it is out does not count'],
	])('%s → %j: %s', (pattern, expected) => {
		expect(new Watched().outcomes('a', pattern, 1000)).toEqual(expected);
	});

	it('never ejects for them when the number is 0', () => {
		expect(new Watched({ consecutiveErrors: 0 }).outcomes('a', 'f'.repeat(100), 0)).toEqual([]);
	});

	it('says when time changes something, and lets the endpoint back just then, with nothing held against it', () => {
		const watched = new Watched();
		expect(watched.detector.nextChangeAt).toBe(Number.POSITIVE_INFINITY);
		watched.outcomes('a', 'fffff', 1000);
		expect(watched.detector.nextChangeAt).toBe(31_000);
		expect(watched.sweep(30_999)).toEqual([]);
		expect(watched.sweep(31_000)).toEqual(['a returned time']);
		expect([watched.detector.nextChangeAt, watched.detector.ejected]).toEqual([Number.POSITIVE_INFINITY, 0]);
		expect(watched.outcomes('a', 'ffff', 31_000)).toEqual([]);
	});

	it('ejects for longer each time in a row, up to the maximum; each healthy interval takes one off', () => {
		const watched = new Watched({ maxEjection: 100_000 });
		const lengths: number[] = [];
		let now = 0;
		for (const pause of [0, 0, 0, 9_999, 10_000, 30_000, 1_000_000]) {
			now += pause;
			watched.outcomes('a', 'fffff', now);
			lengths.push(watched.at('a').outlier.ejectedUntil - now);
			now = watched.at('a').outlier.ejectedUntil;
			expect(watched.sweep(now)).toEqual(['a returned time']);
		}
		expect(lengths).toEqual([30_000, 60_000, 90_000, 100_000, 100_000, 60_000, 30_000]);
	});
});

describe('outlier detector: the cap', () => {
	it.each([
		[50, 4, 2],
		[50, 3, 1],
		[50, 2, 1],
		[50, 1, 0],
		[100, 4, 3],
		[100, 1, 0],
		[10, 9, 0],
		[10, 10, 1],
		[0, 10, 0],
	])('%i %% of %i endpoints are %i', (maxEjectionPercent, count, most) => {
		const names = 'abcdefghij'.slice(0, count);
		const watched = new Watched({ maxEjectionPercent }, names);
		const changes = [...names].flatMap((name) => watched.outcomes(name, 'fffff', 0));
		expect(changes.filter((change) => change.includes('ejected'))).toHaveLength(most);
		expect(changes.filter((change) => change.includes('kept cap'))).toHaveLength(count - most);
		expect(watched.detector.ejected).toBe(most);
	});

	it('tells of one that is kept each time it has failed as often again, and ejects it once another is back', () => {
		const watched = new Watched({}, 'ab');
		watched.outcomes('a', 'fffff', 0);
		const kept = 'b kept cap consecutive-errors';
		expect(watched.outcomes('b', 'f'.repeat(12), 1)).toEqual([kept, kept]);
		watched.sweep(30_000);
		expect(watched.outcomes('b', 'fff', 30_000)).toEqual(['b ejected consecutive-errors until 60000']);
	});

	it('brings back those whose time is over first when there are too few endpoints for so many to be out', () => {
		const watched = new Watched({ maxEjectionPercent: 50 }, 'abcdef');
		for (const [index, name] of [...'cab'].entries()) watched.outcomes(name, 'fffff', index);
		expect(watched.resize('abcd', 10)).toEqual(['c returned cap']);
		expect(watched.resize('ab', 10)).toEqual(['a returned cap']);
		expect(watched.resize('b', 10)).toEqual(['b returned cap']);
		expect(watched.resize('', 10)).toEqual([]);
	});

	it('counts no endpoint that has gone, and knows one that comes again while it is out', () => {
		const watched = new Watched({}, 'abcd');
		const a = watched.at('a');
		watched.outcomes('a', 'fffff', 0);
		expect([watched.resize('bcd', 1), watched.detector.ejected]).toEqual([[], 0]);
		expect(watched.detector.nextChangeAt).toBe(Number.POSITIVE_INFINITY);
		watched.endpoints = [a, ...watched.endpoints];
		expect([watched.resize('abcd', 2), watched.detector.nextChangeAt]).toEqual([[], 30_000]);
		expect(watched.detector.ejected).toBe(1);
		expect(watched.resize('abcd', 30_000)).toEqual(['a returned time']);
	});
});

describe('outlier detector: endpoints that come and go', () => {
	it('are not judged by what ends after they have gone', () => {
		const watched = new Watched();
		const a = watched.at('a');
		watched.resize('bcd', 0);
		for (let i = 0; i < 10; i++) expect(watched.detector.fail(a, 1)).toBeNull();
		expect([a.outlier.isEjected, watched.detector.ejected]).toEqual([false, 0]);
	});

	it('are judged by the detector that has had them last', () => {
		const before = new Watched();
		const a = before.at('a');
		before.outcomes('a', 'ffff', 0);
		const after = new OutlierDetector<Endpoint>({ ...POLICY, baseEjection: 1000 });
		after.resize(before.endpoints, 1);
		expect(before.detector.fail(a, 2)).toBeNull();
		expect(before.resize('', 2)).toEqual([]);
		expect(after.fail(a, 2)).toMatchObject({ is: 'ejected', until: 1002 });
	});
});

describe('outlier detector: success rate', () => {
	it('ejects at the look who is below, the worst first as far as the cap allows', () => {
		const watched = new Watched({ successRate: RATE, consecutiveErrors: 0, interval: 5000 }, 'abcd');
		watched.outcomes('a', `${'s'.repeat(15)}${'f'.repeat(5)}`, 0);
		watched.outcomes('b', `${'s'.repeat(16)}${'f'.repeat(4)}`, 0);
		watched.outcomes('c', `${'s'.repeat(10)}${'f'.repeat(10)}`, 0);
		watched.outcomes('d', 'f'.repeat(20), 0);
		expect([watched.detector.nextChangeAt, watched.sweep(4999)]).toEqual([5000, []]);
		// `b` has exactly 80 %, which is not below.
		expect(watched.sweep(5000)).toEqual([
			'd ejected success-rate until 35000',
			'c ejected success-rate until 35000',
			'a kept cap success-rate',
		]);
	});

	it('forgets what has left the window, a tenth of it at a time', () => {
		const watched = new Watched({ successRate: RATE, consecutiveErrors: 0, interval: 1000 });
		watched.outcomes('a', 's'.repeat(80), 0);
		watched.outcomes('a', 'f'.repeat(20), 1000);
		expect(watched.sweep(9999)).toEqual([]);
		expect(watched.sweep(10_999)).toEqual(['a ejected success-rate until 40999']);
	});

	it('needs minRequests in the window', () => {
		for (const [count, expected] of [
			[19, []],
			[20, ['a ejected success-rate until 35000']],
		] as const) {
			const watched = new Watched({ successRate: RATE, consecutiveErrors: 0, interval: 5000 });
			watched.outcomes('a', 'f'.repeat(count), 0);
			expect(watched.sweep(5000)).toEqual(expected);
		}
	});

	it('looks again as long as there is a failure in a window, and no longer', () => {
		const watched = new Watched({ successRate: RATE, consecutiveErrors: 0, interval: 4000 });
		watched.outcomes('a', 's'.repeat(100), 0);
		expect(watched.detector.nextChangeAt).toBe(Number.POSITIVE_INFINITY);
		watched.outcomes('a', 'f', 1000);
		const looks: number[] = [];
		while (watched.detector.nextChangeAt < Number.POSITIVE_INFINITY) {
			looks.push(watched.detector.nextChangeAt);
			expect(watched.sweep(watched.detector.nextChangeAt)).toEqual([]);
		}
		expect(looks).toEqual([5000, 9000, 13_000]);
	});

	it('begins with an empty window when the endpoint comes back', () => {
		const watched = new Watched({ successRate: RATE, consecutiveErrors: 0, interval: 1000, baseEjection: 500 });
		watched.outcomes('a', 'f'.repeat(20), 0);
		expect(watched.sweep(1000)).toEqual(['a ejected success-rate until 1500']);
		expect(watched.sweep(2000)).toEqual(['a returned time']);
		watched.outcomes('a', 'f', 2000);
		expect(watched.sweep(3000)).toEqual([]);
	});
});

describe('outlier detector against a plain model', () => {
	const NAMES = [...'abcdef'];
	const policy = fc.record({
		consecutiveErrors: fc.constantFrom(0, 1, 2, 3, 5),
		successRate: fc.option(
			fc.record({
				below: fc.constantFrom(0.1, 0.5, 0.8, 1),
				window: fc.constantFrom(1, 100, 1000, 1005),
				minRequests: fc.constantFrom(1, 2, 5, 10),
			}),
		),
		interval: fc.constantFrom(1, 50, 100, 333),
		baseEjection: fc.constantFrom(10, 100, 333, 1000),
		maxEjection: fc.constantFrom(1000, 1500, 5000),
		maxEjectionPercent: fc.constantFrom(0, 10, 34, 50, 75, 100),
	});
	// Widths of buckets, intervals and ejections among them, so that things fall on the very edges.
	const gap = fc.oneof(
		{ weight: 6, arbitrary: fc.constant(0) },
		{ weight: 2, arbitrary: fc.constantFrom(1, 10, 50, 100, 333, 1000) },
		{ weight: 1, arbitrary: fc.nat(3000) },
	);
	const outcome = fc.record({
		is: fc.constant('outcome' as const),
		gap,
		endpoint: fc.nat(NAMES.length - 1),
		isFailure: fc.constantFrom(true, true, false),
	});
	const resizing = fc.record({ is: fc.constant('resize' as const), gap, names: fc.subarray(NAMES) });
	const steps = fc.array(fc.oneof({ weight: 20, arbitrary: outcome }, { weight: 1, arbitrary: resizing }), {
		maxLength: 150,
	});

	/** As a timer would: each sweep at its time. Never later than `now`. */
	function catchUp(detector: OutlierDetector<Endpoint>, model: OutlierModel, now: number): void {
		while (model.nextChangeAt <= now) {
			const at = model.nextChangeAt;
			expect(detector.nextChangeAt).toBe(at);
			expect(detector.sweep(at).map(told)).toEqual(model.sweep(at));
		}
		expect(detector.nextChangeAt).toBe(model.nextChangeAt);
	}

	it('decides the same at the same times, whatever happens', () => {
		fc.assert(
			fc.property(policy, fc.subarray(NAMES, { minLength: 1 }), steps, (given, first, all) => {
				const known = new Map(NAMES.map((name) => [name, endpoint(name)]));
				const named = (names: readonly string[]) => names.flatMap((name) => known.get(name) ?? []);
				const detector = new OutlierDetector<Endpoint>(given);
				const model = new OutlierModel(given);
				let now = 0;
				let present = named(first);
				expect(detector.resize(present, now).map(told)).toEqual(model.resize(first, now));
				for (const step of all) {
					now += step.gap;
					catchUp(detector, model, now);
					if (step.is === 'resize') {
						present = named(step.names);
						expect(detector.resize(present, now).map(told)).toEqual(model.resize(step.names, now));
					} else {
						// Attempts may end at an endpoint that has gone.
						const target = named(NAMES)[step.endpoint] as Endpoint;
						const expected = model.settle(target.name, step.isFailure, now);
						if (!step.isFailure) detector.succeed(target, now);
						else expect(told(detector.fail(target, now))).toBe(expected[0] ?? '');
					}
					const out = present.filter(({ outlier }) => outlier.isEjected);
					expect(out.map(({ name }) => name)).toEqual(model.out.map(({ name }) => name));
					expect(detector.ejected).toBe(out.length);
					expect(out.length * 100).toBeLessThanOrEqual(present.length * given.maxEjectionPercent);
					if (present.length > 0) expect(out.length).toBeLessThan(present.length);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	it('judges each endpoint by its own outcomes alone, as long as the cap does not bind', () => {
		const own = { ...POLICY, maxEjectionPercent: 100, successRate: { below: 0.8, window: 1000, minRequests: 4 } };
		fc.assert(
			fc.property(fc.array(outcome, { maxLength: 120 }), (all) => {
				const times: number[] = [];
				for (const { gap } of all) times.push((times.at(-1) ?? 0) + gap);
				/** Consecutive errors lead to the same ejections, whoever else is there. */
				const ejections = (isHeard: (index: number) => boolean) => {
					const endpoints = [...NAMES, 'spare'].map(endpoint);
					const detector = new OutlierDetector<Endpoint>({ ...own, successRate: null });
					detector.resize(endpoints, 0);
					const changes: string[] = [];
					for (const [step, { endpoint: index, isFailure }] of all.entries()) {
						const now = times[step] as number;
						for (; detector.nextChangeAt <= now; ) detector.sweep(detector.nextChangeAt);
						const target = endpoints[index] as Endpoint;
						if (!isHeard(index)) continue;
						if (isFailure) changes.push(told(detector.fail(target, now)));
						else detector.succeed(target, now);
					}
					return changes.filter((change) => change !== '');
				};
				const together = ejections(() => true);
				for (const [index, name] of NAMES.entries()) {
					const alone = ejections((other) => other === index);
					expect(alone).toEqual(together.filter((change) => change.startsWith(name)));
				}
			}),
			{ numRuns: 200 },
		);
	});
});
