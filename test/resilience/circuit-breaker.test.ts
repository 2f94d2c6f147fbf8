import fc from 'fast-check';
import OpossumBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreaker, type CircuitBreakerOptions } from '../../src/resilience/circuit-breaker.ts';

const OPTIONS = { errorThresholdPercentage: 50, volumeThreshold: 4, rollingCountTimeout: 1000, resetTimeout: 500 };

function outcomes(breaker: CircuitBreaker, now: number, pattern: string): void {
	for (const outcome of pattern) {
		if (!breaker.allow(now)) throw new Error('refused');
		if (outcome === 'f') breaker.fail(now);
		else breaker.succeed(now);
	}
}

function opened(now = 0): CircuitBreaker {
	const breaker = new CircuitBreaker(OPTIONS, now);
	outcomes(breaker, now, 'ffff');
	expect(breaker.state).toBe('open');
	return breaker;
}

describe('circuit breaker', () => {
	it.each([
		['fff', 'closed', 'the volume is not reached'],
		['ffff', 'open', 'volume reached, all failed'],
		['ssff', 'closed', 'exactly the threshold is not above it'],
		['sfff', 'open', 'above the threshold'],
		['fffs', 'closed', 'only a failure opens, though the volume is reached now'],
	])('%s leaves it %s: %s', (pattern, state) => {
		const breaker = new CircuitBreaker(OPTIONS, 0);
		outcomes(breaker, 0, pattern);
		expect(breaker.state).toBe(state);
	});

	it('forgets what has left the window, bucket by bucket', () => {
		const breaker = new CircuitBreaker(OPTIONS, 0);
		outcomes(breaker, 0, 'ff');
		outcomes(breaker, 950, 'f');
		// The bucket of the first two was dropped at 1000.
		outcomes(breaker, 1000, 'ff');
		expect(breaker.state).toBe('closed');
		outcomes(breaker, 1001, 'f');
		expect(breaker.state).toBe('open');
	});

	it('starts afresh after a gap longer than the window', () => {
		const breaker = new CircuitBreaker(OPTIONS, 0);
		outcomes(breaker, 0, 'fff');
		outcomes(breaker, 1_000_000, 'fff');
		expect(breaker.state).toBe('closed');
	});

	it('refuses while open and says for how long', () => {
		const breaker = opened(100);
		expect([breaker.allow(100), breaker.retryAfterMs(100)]).toEqual([false, 500]);
		expect([breaker.allow(599), breaker.retryAfterMs(599)]).toEqual([false, 1]);
		expect(breaker.state).toBe('open');
		expect([breaker.retryAfterMs(600), breaker.state]).toEqual([0, 'halfOpen']);
	});

	it('lets one probe at a time through when half open; a success closes, a failure opens again', () => {
		const breaker = opened();
		expect([breaker.allow(500), breaker.allow(500), breaker.allow(900)]).toEqual([true, false, false]);
		breaker.fail(900);
		expect([breaker.state, breaker.allow(1399), breaker.allow(1400), breaker.allow(1400)]).toEqual([
			'open',
			false,
			true,
			false,
		]);
		breaker.succeed(1400);
		expect([breaker.state, breaker.allow(1400), breaker.allow(1400)]).toEqual(['closed', true, true]);
		expect(breaker.transitions).toEqual({ open: 2, halfOpen: 2, close: 1 });
	});

	it('gives the place of a probe that ended as neither to the next one', () => {
		const breaker = opened();
		expect(breaker.allow(500)).toBe(true);
		breaker.release(510);
		expect([breaker.state, breaker.allow(510), breaker.allow(510)]).toEqual(['halfOpen', true, false]);
	});

	it('does not wait for a silent probe for ever', () => {
		const breaker = opened();
		expect(breaker.allow(500)).toBe(true);
		expect([breaker.allow(10_499), breaker.retryAfterMs(10_499)]).toEqual([false, 1]);
		expect([breaker.allow(10_500), breaker.allow(10_500)]).toEqual([true, false]);
	});

	it('counts a failure that comes late while open without opening anew, and its success without closing', () => {
		const breaker = opened();
		breaker.fail(300);
		breaker.succeed(300);
		expect([breaker.state, breaker.transitions.open, breaker.retryAfterMs(300)]).toEqual(['open', 1, 200]);
	});

	it('releases in the closed state without counting', () => {
		const breaker = new CircuitBreaker(OPTIONS, 0);
		for (let i = 0; i < 10; i++) {
			breaker.allow(0);
			breaker.release(0);
		}
		outcomes(breaker, 0, 'fff');
		expect(breaker.state).toBe('closed');
	});

	it('stays open no longer than the reset timeout when the clock goes back', () => {
		const breaker = opened(10_000);
		expect([breaker.allow(0), breaker.retryAfterMs(0)]).toEqual([false, 500]);
		expect(breaker.allow(500)).toBe(true);
		breaker.release(500);
		expect(breaker.allow(100)).toBe(true);
		expect([breaker.retryAfterMs(0), breaker.allow(9_999), breaker.allow(10_000)]).toEqual([10_000, false, true]);
	});

	it('keeps counting in the running bucket when the clock goes back', () => {
		const breaker = new CircuitBreaker(OPTIONS, 5000);
		outcomes(breaker, 0, 'fff');
		outcomes(breaker, 10, 'f');
		expect(breaker.state).toBe('open');
	});

	it('with a threshold of 100 never opens, as in opossum', () => {
		const breaker = new CircuitBreaker({ ...OPTIONS, errorThresholdPercentage: 100 }, 0);
		outcomes(breaker, 0, 'f'.repeat(50));
		expect(breaker.state).toBe('closed');
	});
});

/** What the breaker is said to do, with every outcome kept and nothing summed up. */
class PlainBreaker {
	private readonly options: Required<CircuitBreakerOptions>;
	private readonly outcomes: { readonly at: number; readonly isFailure: boolean }[] = [];
	private openedAt: number | null = null;
	private isOpen = false;
	private probedAt = Number.NEGATIVE_INFINITY;

	constructor(options: Required<CircuitBreakerOptions>) {
		this.options = options;
	}

	/** By time and history alone. */
	state(now: number): string {
		if (this.openedAt === null) return 'closed';
		if (this.isOpen && now - this.openedAt >= this.options.resetTimeout) {
			this.isOpen = false;
			this.probedAt = Number.NEGATIVE_INFINITY;
		}
		return this.isOpen ? 'open' : 'halfOpen';
	}

	allow(now: number): boolean {
		const state = this.state(now);
		if (state === 'closed') return true;
		if (state === 'open' || now - this.probedAt < 10_000) return false;
		this.probedAt = now;
		return true;
	}

	settle(isFailure: boolean, now: number): void {
		this.outcomes.push({ at: now, isFailure });
		const state = this.state(now);
		if (state === 'halfOpen' && !isFailure) this.openedAt = null;
		if (isFailure && (state === 'halfOpen' || (state === 'closed' && this.isTooMuch(now)))) {
			this.openedAt = now;
			this.isOpen = true;
		}
	}

	release(now: number): void {
		if (this.state(now) !== 'closed') this.probedAt = Number.NEGATIVE_INFINITY;
	}

	hasten(now: number): void {
		if (this.openedAt !== null && this.isOpen) this.openedAt = Math.min(this.openedAt, now - this.options.resetTimeout);
	}

	private isTooMuch(now: number): boolean {
		const { rollingCountTimeout, rollingCountBuckets, volumeThreshold, errorThresholdPercentage } = this.options;
		const width = Math.max(1, Math.floor(rollingCountTimeout / rollingCountBuckets));
		const oldest = Math.floor(now / width) - rollingCountBuckets + 1;
		const inside = this.outcomes.filter(({ at }) => Math.floor(at / width) >= oldest);
		const failed = inside.filter(({ isFailure }) => isFailure).length;
		return inside.length >= volumeThreshold && failed * 100 > errorThresholdPercentage * inside.length;
	}
}

const anyOptions = fc.record({
	errorThresholdPercentage: fc.constantFrom(0, 1, 33, 50, 75, 99),
	volumeThreshold: fc.nat(6),
	rollingCountTimeout: fc.constantFrom(100, 1000, 1005),
	rollingCountBuckets: fc.constantFrom(1, 3, 10),
	resetTimeout: fc.constantFrom(50, 333, 2000),
});
// Widths of buckets and reset timeouts among them, so that calls fall on the very edges.
const gap = fc.oneof(
	fc.constant(0),
	fc.constantFrom(10, 33, 50, 100, 333, 335, 1000, 2000, 10_000),
	fc.nat(40),
	fc.nat(3000),
);

describe('circuit breaker against a plain model', () => {
	it('is in the same state and lets the same attempts through, whatever happens', () => {
		const kind = fc.constantFrom('allow', 'allow', 'fail', 'fail', 'succeed', 'release', 'hasten', 'retryAfter');
		const steps = fc.array(fc.record({ gap, kind }), { maxLength: 80 });
		fc.assert(
			fc.property(anyOptions, steps, (options, steps) => {
				const ours = new CircuitBreaker(options, 0);
				const plain = new PlainBreaker(options);
				let now = 0;
				for (const { gap, kind } of steps) {
					now += gap;
					if (kind === 'allow') expect(ours.allow(now)).toBe(plain.allow(now));
					else if (kind === 'retryAfter') {
						const wait = ours.retryAfterMs(now);
						expect(wait).toBeGreaterThanOrEqual(0);
						if (wait > 0) expect(plain.state(now + wait - 1)).not.toBe('closed');
						else if (plain.state(now) !== 'closed') expect([ours.allow(now), plain.allow(now)]).toEqual([true, true]);
					} else if (kind === 'release' || kind === 'hasten') {
						ours[kind](now);
						plain[kind](now);
					} else {
						ours[kind](now);
						plain.settle(kind === 'fail', now);
					}
					// Time alone does not change what `state` shows; asking does.
					ours.retryAfterMs(now);
					expect(ours.state).toBe(plain.state(now));
				}
			}),
			{ numRuns: 1000 },
		);
	});
});

/** opossum's statistics with the volume read as we do: completed attempts, not calls. The one deliberate difference. */
function completedOnly(options: CircuitBreakerOptions): OpossumBreaker.Status {
	const status = OpossumBreaker.newStatus({
		rollingCountBuckets: options.rollingCountBuckets ?? 10,
		rollingCountTimeout: options.rollingCountTimeout,
		rollingPercentilesEnabled: false,
		enableSnapshots: false,
	} as OpossumBreaker.StatusOptions);
	const proto = Object.getPrototypeOf(status) as object;
	const getter = Object.getOwnPropertyDescriptor(proto, 'stats')?.get;
	Object.defineProperty(status, 'stats', {
		get() {
			const stats = getter?.call(status) as OpossumBreaker.Stats;
			return { ...stats, fires: stats.successes + stats.failures };
		},
	});
	return status;
}

interface Running {
	resolve(): void;
	reject(error: Error): void;
}

/** opossum, driven like ours: calls whose outcome the test decides later. */
class Oracle {
	readonly transitions = { open: 0, halfOpen: 0, close: 0 };
	private readonly breaker: OpossumBreaker<[], void>;
	private readonly running: Running[] = [];

	constructor(options: CircuitBreakerOptions, status?: OpossumBreaker.Status) {
		const action = () => new Promise<void>((resolve, reject) => this.running.push({ resolve, reject }));
		this.breaker = new OpossumBreaker(action, {
			...options,
			timeout: false,
			enableSnapshots: false,
			rollingPercentilesEnabled: false,
			...(status ? { status } : {}),
		});
		this.breaker.on('open', () => this.transitions.open++);
		this.breaker.on('halfOpen', () => this.transitions.halfOpen++);
		this.breaker.on('close', () => this.transitions.close++);
	}

	get state(): string {
		if (this.breaker.halfOpen) return 'halfOpen';
		return this.breaker.opened ? 'open' : 'closed';
	}

	get accepts(): boolean {
		return this.breaker.closed || this.breaker.pendingClose;
	}

	get inFlight(): number {
		return this.running.length;
	}

	fire(): void {
		this.breaker.fire().catch(() => undefined);
	}

	async settle(index: number, isFailure: boolean): Promise<void> {
		const call = this.running.splice(index, 1)[0];
		if (isFailure) call?.reject(new Error('planted'));
		else call?.resolve();
		// opossum hears of the outcome a few microtasks later.
		for (let i = 0; i < 5; i++) await Promise.resolve();
	}

	shutdown(): void {
		this.breaker.shutdown();
	}
}

describe('circuit breaker against opossum', () => {
	beforeEach(() => {
		vi.useFakeTimers({ now: 0 });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it('reaches the same states by the same calls, one at a time', async () => {
		const step = fc.record({ gap, isFailure: fc.boolean() });
		await fc.assert(
			fc.asyncProperty(anyOptions, fc.array(step, { maxLength: 40 }), async (options, steps) => {
				const oracle = new Oracle(options);
				const ours = new CircuitBreaker(options, Date.now());
				for (const { gap, isFailure } of steps) {
					vi.advanceTimersByTime(gap);
					// A call that is refused is none: opossum would count it as one that did not fail.
					expect(ours.allow(Date.now())).toBe(oracle.accepts);
					expect(ours.state).toBe(oracle.state);
					if (!oracle.accepts) continue;
					oracle.fire();
					await oracle.settle(0, isFailure);
					if (isFailure) ours.fail(Date.now());
					else ours.succeed(Date.now());
					expect(ours.state).toBe(oracle.state);
					expect(ours.transitions).toEqual(oracle.transitions);
				}
				oracle.shutdown();
			}),
			{ numRuns: 300 },
		);
	});

	it('reaches the same states with attempts that overlap and outlive a change of state', async () => {
		const step = fc.record({ gap, kind: fc.constantFrom('start', 'start', 'fail', 'succeed'), which: fc.nat(5) });
		await fc.assert(
			fc.asyncProperty(anyOptions, fc.array(step, { maxLength: 60 }), async (options, steps) => {
				const oracle = new Oracle(options, completedOnly(options));
				const ours = new CircuitBreaker(options, Date.now());
				let probeAt = Number.POSITIVE_INFINITY;
				for (const { gap, kind, which } of steps) {
					// opossum waits for its probe for ever, we do not: stay within the lease.
					vi.advanceTimersByTime(Date.now() + gap - probeAt < 10_000 ? gap : 0);
					if (kind === 'start') {
						const accepts = oracle.accepts;
						expect(ours.allow(Date.now())).toBe(accepts);
						if (accepts) oracle.fire();
						if (accepts && oracle.state === 'halfOpen') probeAt = Date.now();
					} else if (oracle.inFlight > 0) {
						await oracle.settle(which % oracle.inFlight, kind === 'fail');
						if (kind === 'fail') ours.fail(Date.now());
						else ours.succeed(Date.now());
						if (oracle.state !== 'halfOpen') probeAt = Number.POSITIVE_INFINITY;
					} else continue;
					expect(ours.state).toBe(oracle.state);
					expect(ours.transitions).toEqual(oracle.transitions);
				}
				oracle.shutdown();
			}),
			{ numRuns: 300 },
		);
	});

	it('differs from opossum on purpose where calls were refused: they are no attempts', async () => {
		const options = { ...OPTIONS, volumeThreshold: 2, resetTimeout: 100 };
		const start = Date.now();
		const oracle = new Oracle(options);
		const ours = new CircuitBreaker(options, start);
		const both = async (isFailure: boolean) => {
			const accepted = [ours.allow(Date.now()), oracle.accepts];
			oracle.fire();
			if (accepted[0]) (isFailure ? ours.fail : ours.succeed).call(ours, Date.now());
			await oracle.settle(0, isFailure);
			return accepted;
		};
		for (let i = 0; i < 2; i++) await both(true);
		for (let i = 0; i < 100; i++) expect(await both(true)).toEqual([false, false]);
		vi.advanceTimersByTime(100);
		expect(await both(false)).toEqual([true, true]);
		expect([ours.state, oracle.state]).toEqual(['closed', 'closed']);
		await both(true);
		// Three failures of four attempts. opossum sees three failures of 104 calls.
		expect([ours.state, oracle.state]).toEqual(['open', 'closed']);
		oracle.shutdown();
	});
});
