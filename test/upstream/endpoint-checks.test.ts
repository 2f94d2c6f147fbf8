import { describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../src/config/service-config.ts';
import { CheckGate } from '../../src/upstream/check-gate.ts';
import { EndpointChecks } from '../../src/upstream/endpoint-checks.ts';
import type { Probe, ProbeListener } from '../../src/upstream/probe.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { PLAINTEXT_CHECKS } from '../support/plaintext.ts';
import { SeededRandom } from '../support/seeded-random.ts';

/** Answers when a test says so. */
class FakeProbe implements Probe {
	listener: ProbeListener | null = null;
	isClosed = false;
	asked = 0;
	/** Clock times of the questions. */
	readonly times: number[] = [];
	private readonly now: () => number;

	constructor(now: () => number) {
		this.now = now;
	}

	ask(listener: ProbeListener): void {
		if (this.listener !== null) throw new Error('asked while a question is under way');
		if (this.isClosed) throw new Error('asked after it was closed');
		this.asked++;
		this.times.push(this.now());
		this.listener = listener;
	}

	answer(failure: string | null): void {
		const { listener } = this;
		this.listener = null;
		if (listener === null) throw new Error('nobody asks');
		listener.onProbed(failure);
	}

	cancel(): string {
		this.listener = null;
		return 'no answer';
	}

	close(): void {
		this.isClosed = true;
		this.cancel();
	}
}

const POLICY: HealthCheck = { probe: { is: 'tcp' }, interval: 5000, timeout: 1000, healthy: 2, unhealthy: 3 };

function setUp(policy: Partial<HealthCheck> = {}, most?: number) {
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	const probes = new Map<string, FakeProbe>();
	const told: string[] = [];
	const logged: string[] = [];
	const counts = { passed: 0, failed: 0 };
	const log = (level: string) => (fields: Record<string, unknown>, message: string) =>
		logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
	const checks: EndpointChecks = new EndpointChecks(
		{
			policy: { ...POLICY, ...policy },
			service: { name: 'payments', hostnames: [] },
			clock,
			timers,
			random: new SeededRandom(1),
			ownListeners: { hasPeerOf: () => false },
			...PLAINTEXT_CHECKS,
			gate: new CheckGate(most),
			recorder: { healthChecked: (_, result) => counts[result]++ },
			log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
			onChange: (address, isHealthy, reason) => told.push(`${address} ${isHealthy ? 'well' : `unwell: ${reason}`}`),
		},
		(_, { address }) => {
			const probe = new FakeProbe(() => clock.now());
			probes.set(address, probe);
			return probe;
		},
	);
	const add = (host: string, presumed?: boolean) => {
		checks.add({ host, port: 80, address: `${host}:80` }, presumed);
		return probes.get(`${host}:80`) as FakeProbe;
	};
	/** Lets time pass until the endpoint is asked, and answers. */
	const round = (probe: FakeProbe, failure: string | null) => {
		if (probe.listener === null) timers.advance(5500);
		probe.answer(failure);
	};
	return { clock, timers, checks, probes, told, logged, counts, add, round };
}

describe('health checks of endpoints', () => {
	it('begin at once, and go on at the interval, a tenth more or less', () => {
		const { timers, add } = setUp();
		const probe = add('a');
		timers.advance(1);
		for (let i = 0; i < 50; i++) {
			probe.answer(null);
			for (let at = 0; probe.listener === null; at++) {
				if (at > 6000) throw new Error('not asked again');
				timers.advance(1);
			}
		}
		const waits = probe.times.slice(1).map((at, i) => at - (probe.times[i] as number));
		for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(4500);
		for (const wait of waits) expect(wait).toBeLessThanOrEqual(5501);
		expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(500);
	});

	it('say what the first one saw, then only what so many in a row have seen', () => {
		const { timers, add, round, told } = setUp();
		const probe = add('a');
		timers.advance(0);
		for (const failure of [null, 'x', 'x', null, 'x', 'x', 'y', null, 'x', null, null]) round(probe, failure);
		expect(told).toEqual(['a:80 well', 'a:80 unwell: y', 'a:80 well']);
	});

	it('call it a failure when no answer comes in time', () => {
		const { timers, add, told, counts } = setUp();
		const probe = add('a');
		timers.advance(0);
		timers.advance(999);
		expect(told).toEqual([]);
		timers.advance(1);
		expect(told).toEqual(['a:80 unwell: no answer within 1000 ms']);
		expect(counts).toEqual({ passed: 0, failed: 1 });
		timers.advance(5500);
		probe.answer(null);
		expect(counts).toEqual({ passed: 1, failed: 1 });
	});

	it('are logged when something changes, and not that an endpoint is well from the start', () => {
		const { timers, add, round, logged } = setUp({ healthy: 1, unhealthy: 2 });
		const probe = add('a');
		timers.advance(0);
		for (const failure of [null, null, 'x', 'y', 'z', null, null]) round(probe, failure);
		expect(logged).toEqual([
			'warn an endpoint fails its health checks {"service":"payments","endpoint":"a:80","reason":"y"}',
			'info an endpoint passes its health checks again {"service":"payments","endpoint":"a:80"}',
		]);
	});

	it('show what the last failure was', () => {
		const { timers, add, round, checks } = setUp();
		const probe = add('a');
		timers.advance(0);
		expect(checks.lastFailure('a:80')).toBe('');
		for (const failure of ['x', null]) round(probe, failure);
		expect(checks.lastFailure('a:80')).toBe('x');
		expect(checks.lastFailure('b:80')).toBe('');
	});

	it('end when the endpoint has gone, whatever it is doing', () => {
		const { timers, add, checks, told } = setUp({}, 1);
		const [waiting, asking, queued] = [add('a'), add('b'), add('c')];
		timers.advance(0);
		waiting.answer(null);
		timers.advance(100);
		expect([waiting, asking, queued].map(({ listener }) => listener !== null)).toEqual([false, true, false]);
		for (const address of ['c:80', 'b:80', 'a:80', 'a:80']) checks.remove(address);
		expect(timers.size).toBe(0);
		expect([waiting, asking, queued].every(({ isClosed }) => isClosed)).toBe(true);
		// The places have come free.
		const next = add('d');
		timers.advance(0);
		next.answer(null);
		checks.stop();
		expect(timers.size).toBe(0);
		expect(told).toEqual(['a:80 well', 'd:80 well']);
	});

	it('may be ended by whoever hears of a change', () => {
		const clock = new ManualClock();
		const timers = new ManualTimers(clock);
		const probe = new FakeProbe(() => 0);
		const gate = new CheckGate(1);
		const checks: EndpointChecks = new EndpointChecks(
			{
				policy: POLICY,
				service: { name: 'payments', hostnames: [] },
				clock,
				timers,
				random: new SeededRandom(1),
				ownListeners: { hasPeerOf: () => false },
				...PLAINTEXT_CHECKS,
				gate,
				recorder: { healthChecked: () => undefined },
				log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
				onChange: (address) => checks.remove(address),
			},
			() => probe,
		);
		checks.add({ host: 'a', port: 80, address: 'a:80' });
		timers.advance(0);
		probe.answer(null);
		expect(timers.size).toBe(0);
		// Its place was given back once.
		expect([gate.enter({ onTurn: ignore }), gate.enter({ onTurn: ignore })]).toEqual([true, false]);
	});
});

describe('an endpoint that has not been asked yet', () => {
	it('takes requests while none is known to be well', () => {
		const { timers, add, checks } = setUp();
		const [a] = [add('a'), add('b')];
		timers.advance(5);
		expect([checks.isUsable('a:80'), checks.isUsable('b:80')]).toEqual([true, true]);
		a.answer('x');
		expect([checks.isUsable('a:80'), checks.isUsable('b:80')]).toEqual([false, true]);
		add('c');
		expect(checks.isUsable('c:80')).toBe(true);
	});

	it('must pass first when another one is well', () => {
		const { timers, add, checks } = setUp();
		const a = add('a');
		add('b');
		timers.advance(5);
		a.answer(null);
		const late = add('late');
		expect(checks.isUsable('late:80')).toBe(false);
		// Those that were there before are not taken away from the service.
		expect(checks.isUsable('b:80')).toBe(true);
		timers.advance(10);
		late.answer(null);
		expect(checks.isUsable('late:80')).toBe(true);
		checks.remove('a:80');
		checks.remove('late:80');
		add('later');
		expect(checks.isUsable('later:80')).toBe(true);
	});

	it('is what the checks before these have found it to be', () => {
		const { add, checks } = setUp();
		add('a', false);
		expect(checks.isUsable('a:80')).toBe(false);
	});

	it('takes requests when nobody checks it', () => {
		expect(setUp().checks.isUsable('a:80')).toBe(true);
	});
});

describe('a thousand endpoints', () => {
	it('are asked for the first time within the interval, never all at once', () => {
		const { timers, add } = setUp({}, 50);
		const probes = Array.from({ length: 1000 }, (_, i) => add(`h${i}`));
		let most = 0;
		for (let at = 0; at <= 5000; at += 10) {
			timers.advance(10);
			const asking = probes.filter(({ listener }) => listener !== null);
			most = Math.max(most, asking.length);
			for (const probe of asking) probe.answer(null);
		}
		expect(probes.every(({ asked }) => asked >= 1)).toBe(true);
		expect(most).toBeLessThan(20);
	});

	it('that hang are asked one after the other, so many at a time, in turn', () => {
		const { timers, add, counts } = setUp({ interval: 1000 }, 50);
		const probes = Array.from({ length: 1000 }, (_, i) => add(`h${i}`));
		for (let at = 0; at < 40_000; at += 100) {
			timers.advance(100);
			expect(probes.filter(({ listener }) => listener !== null).length).toBeLessThanOrEqual(50);
		}
		// 50 a second, and everybody has had two turns before anybody has three.
		expect(counts.failed).toBeGreaterThan(1800);
		expect(Math.max(...probes.map(({ asked }) => asked))).toBeLessThanOrEqual(3);
		expect(Math.min(...probes.map(({ asked }) => asked))).toBeGreaterThanOrEqual(1);
	});

	it('one that joins them is asked at once', () => {
		const { timers, add } = setUp();
		const probes = Array.from({ length: 1000 }, (_, i) => add(`h${i}`));
		for (let at = 0; at <= 5000; at += 10) {
			timers.advance(10);
			for (const probe of probes) if (probe.listener !== null) probe.answer(null);
		}
		const late = add('late');
		timers.advance(0);
		expect(late.asked).toBe(1);
	});
});

function ignore(): void {
	// not recorded
}
