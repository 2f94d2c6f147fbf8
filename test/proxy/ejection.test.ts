import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../src/app/slices.ts';
import type { OutlierDetection } from '../../src/config/service-config.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/error.ts';
import type { Log } from '../../src/ports/log.ts';
import { Ejector } from '../../src/proxy/ejection.ts';
import { Endpoint } from '../../src/proxy/endpoint.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';

const POLICY: OutlierDetection = {
	consecutiveErrors: 3,
	successRate: { below: 0.8, window: 10_000, minRequests: 10 },
	interval: 5000,
	baseEjection: 30_000,
	maxEjection: 300_000,
	maxEjectionPercent: 50,
};

const POOL = {
	acquire: () => null,
	cancel() {
		// nothing is ever asked of it
	},
};

class Watched {
	readonly clock = new ManualClock();
	readonly timers = new ManualTimers(this.clock);
	readonly lines: string[] = [];
	readonly counted: string[] = [];
	/** Which endpoints were in, at each change. */
	readonly changes: string[] = [];
	readonly ejector: Ejector;
	endpoints = ['a:1', 'b:1', 'c:1', 'd:1'].map(
		(address) => new Endpoint({ address, weight: 1, labels: {}, pool: POOL }),
	);

	constructor(policy: Partial<OutlierDetection> = {}) {
		const { clock, timers } = this;
		const note = (level: string) => (fields: Record<string, unknown>, message: string) => {
			this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
		};
		const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
		const recorder = {
			ejected: (service: string, reason: string) => this.counted.push(`${service} ${reason}`),
			ejectionSkipped: (service: string, reason: string) => this.counted.push(`${service} skipped ${reason}`),
		};
		this.ejector = new Ejector({
			service: 'payments',
			policy: { ...POLICY, ...policy },
			clock,
			timers,
			log,
			recorder,
			onChange: () => this.changes.push(this.inUse),
		});
		atOnce(this.ejector.follow(this.endpoints, 0));
	}

	get inUse(): string {
		return this.endpoints
			.filter(({ isEjected }) => !isEjected)
			.map(({ address }) => address)
			.join(' ');
	}

	settle(index: number, code: ErrorCode | '', status = 0, times = 1): void {
		const endpoint = this.endpoints[index];
		if (endpoint === undefined) throw new Error(`no endpoint ${index}`);
		for (let i = 0; i < times; i++) this.ejector.settled(endpoint, code, status, this.clock.now());
	}
}

const ERRORS: readonly ErrorCode[] = [
	'dns_failed',
	'connect_failed',
	'connect_timeout',
	'upstream_tls_failed',
	'upstream_closed',
	'upstream_reset',
	'upstream_protocol_error',
	'attempt_timeout',
	'request_timeout',
];

describe('what counts against an endpoint', () => {
	it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s', (code) => {
		const watched = new Watched();
		watched.settle(0, code, 0, 3);
		expect(watched.endpoints[0]?.isEjected).toBe(ERRORS.includes(code));
		// What does not count neither ends a row of errors.
		const mixed = new Watched();
		for (const each of ['connect_failed', code, 'connect_failed', 'connect_failed'] as const) mixed.settle(0, each);
		expect(mixed.endpoints[0]?.isEjected).toBe(true);
	});

	it.each([
		[500, true],
		[502, true],
		[503, true],
		[504, true],
		[599, true],
		[429, false],
		[404, false],
		[200, false],
		[101, false],
	])('a whole response with status %i: %s', (status, counts) => {
		const watched = new Watched();
		watched.settle(0, '', status, 3);
		expect(watched.endpoints[0]?.isEjected).toBe(counts);
	});
});

describe('an ejector', () => {
	it('leaves an endpoint out, says so, and lets it back when its time is over', () => {
		const watched = new Watched();
		watched.settle(1, 'upstream_reset', 0, 3);
		expect(watched.changes).toEqual(['a:1 c:1 d:1']);
		expect(watched.counted).toEqual(['payments consecutive-errors']);
		watched.timers.advance(29_999);
		expect(watched.changes).toHaveLength(1);
		watched.timers.advance(1);
		expect(watched.changes.slice(1)).toEqual(['a:1 b:1 c:1 d:1']);
		expect(watched.lines).toEqual([
			'warn an endpoint fails and is left out {"service":"payments","endpoint":"b:1","reason":"consecutive-errors","until":"2026-01-01T00:00:30.000Z"}',
			'info an endpoint is used again {"service":"payments","endpoint":"b:1","reason":"time"}',
		]);
		expect(watched.timers.size).toBe(0);
	});

	it('leaves out together, at a look, whoever has a low success rate', () => {
		const watched = new Watched({ consecutiveErrors: 0 });
		for (const index of [0, 2]) watched.settle(index, '', 503, 10);
		watched.timers.advance(5000);
		expect(watched.changes).toEqual(['b:1 d:1']);
		expect(watched.counted).toEqual(['payments success-rate', 'payments success-rate']);
	});

	it('arms no timer without a failure, and none for long after one', () => {
		const watched = new Watched();
		for (const index of [0, 1, 2, 3]) watched.settle(index, '', 200, 100);
		expect(watched.timers.size).toBe(0);
		watched.settle(0, 'upstream_reset');
		expect(watched.timers.size).toBe(1);
		watched.timers.advance(20_000);
		expect([watched.timers.size, watched.changes]).toEqual([0, []]);
	});

	it('tells the log once that as many as may be are out, and the metrics each time', () => {
		const watched = new Watched();
		const kept = () => watched.lines.filter((line) => line.includes('is kept'));
		for (const index of [0, 1]) watched.settle(index, 'connect_failed', 0, 3);
		watched.settle(2, 'connect_failed', 0, 9);
		expect(watched.counted.filter((each) => each === 'payments skipped cap')).toHaveLength(3);
		expect(kept()).toHaveLength(1);
		expect(watched.changes).toEqual(['b:1 c:1 d:1', 'c:1 d:1']);
		watched.timers.advance(30_000);
		for (const index of [0, 1, 2, 3]) watched.settle(index, 'connect_failed', 0, 3);
		expect(kept()).toHaveLength(2);
	});

	it('follows other endpoints: too many are not left out among fewer, and who stays out comes back in time', () => {
		const watched = new Watched();
		watched.settle(0, 'connect_failed', 0, 3);
		watched.timers.advance(1000);
		watched.settle(1, 'connect_failed', 0, 3);
		watched.endpoints = watched.endpoints.slice(0, 2);
		atOnce(watched.ejector.follow(watched.endpoints, watched.clock.now()));
		expect(watched.changes.at(-1)).toBe('a:1');
		expect(watched.lines.at(-1)).toContain('"endpoint":"a:1","reason":"cap"');
		watched.timers.advance(30_000);
		expect(watched.inUse).toBe('a:1 b:1');
	});

	it('decides nothing more when it has been stopped', () => {
		const watched = new Watched();
		watched.settle(0, 'connect_failed', 0, 3);
		watched.ejector.stop();
		expect(watched.timers.size).toBe(0);
		watched.settle(1, 'connect_failed', 0, 9);
		expect([watched.timers.size, watched.inUse]).toEqual([0, 'a:1 b:1 c:1 d:1']);
	});

	it('leaves to the one that follows the endpoints next who is out, and when they come back', () => {
		const before = new Watched();
		before.settle(0, 'connect_failed', 0, 3);
		const after = new Watched();
		after.endpoints = before.endpoints;
		atOnce(after.ejector.follow(before.endpoints, 0));
		before.ejector.stop();
		expect([before.timers.size, after.timers.size, after.inUse]).toEqual([0, 1, 'b:1 c:1 d:1']);
		after.timers.advance(30_000);
		expect(after.changes).toEqual(['a:1 b:1 c:1 d:1']);
	});

	it('is awake whenever somebody is out, and always comes to rest', () => {
		const step = fc.record({
			index: fc.nat(3),
			code: fc.constantFrom<ErrorCode | ''>('connect_failed', 'client_closed', ''),
			status: fc.constantFrom(200, 503),
			times: fc.integer({ min: 1, max: 12 }),
			gap: fc.oneof(fc.constant(0), fc.nat(60_000)),
		});
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
				const watched = new Watched();
				for (const { index, code, status, times, gap } of steps) {
					watched.timers.advance(gap);
					watched.settle(index, code, status, times);
					if (watched.endpoints.some(({ isEjected }) => isEjected)) expect(watched.timers.size).toBe(1);
					expect(watched.inUse).not.toBe('');
				}
				watched.timers.advance(400_000);
				expect([watched.timers.size, watched.inUse]).toEqual([0, 'a:1 b:1 c:1 d:1']);
			}),
			{ numRuns: 200 },
		);
	});
});

describe('an endpoint whose health checks find it well again', () => {
	it('is used again, though its ejection is not over, and may be left out anew', () => {
		const watched = new Watched();
		const [a] = watched.endpoints;
		if (a === undefined) throw new Error('there are four');
		watched.ejector.pardon(a, 0);
		expect(watched.changes).toEqual([]);
		watched.settle(0, 'connect_failed', 0, 3);
		expect(watched.inUse).toBe('b:1 c:1 d:1');
		watched.ejector.pardon(a, 1000);
		expect(watched.changes).toEqual(['b:1 c:1 d:1', 'a:1 b:1 c:1 d:1']);
		expect(watched.lines.at(-1)).toContain('"reason":"health-check"');
		watched.timers.advance(60_000);
		expect(watched.changes).toHaveLength(2);
		for (const index of [0, 1]) watched.settle(index, 'connect_failed', 0, 3);
		expect(watched.inUse).toBe('c:1 d:1');
	});

	it('stays out where another service judges it', () => {
		const [one, other] = [new Watched(), new Watched()];
		const [a] = other.endpoints;
		if (a === undefined) throw new Error('there are four');
		other.settle(0, 'connect_failed', 0, 3);
		one.ejector.pardon(a, 0);
		expect(a.isEjected).toBe(true);
	});
});
