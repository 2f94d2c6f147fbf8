/**
 * What the small decisions of the data path cost: `node bench/micro/breaker.ts`. Nanoseconds per call, the best and the
 * median of several rounds; run it alone on a quiet machine and put the figures of before and after into the commit.
 */
import { TimerEntry } from '../../src/clock.ts';
import { fieldIdOf } from '../../src/http/field-id.ts';
import { applyForwarded } from '../../src/http/forwarded.ts';
import { RequestHead } from '../../src/http/head.ts';
import { type HeaderList, SPAN } from '../../src/http/header-list.ts';
import { acceptRequestId } from '../../src/http/request-id.ts';
import { applyTrace, continueTrace } from '../../src/http/trace-context.ts';
import { systemClock, systemRandom } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.ts';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';

const ROUNDS = 15;
const CALLS = 1_000_000;

/** Whatever a call returns ends here, so that it cannot be optimised away. */
let sink = 0;

function measure(name: string, call: (i: number) => number): void {
	const rounds: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const begin = performance.now();
		for (let i = 0; i < CALLS; i++) sink += call(i);
		rounds.push(((performance.now() - begin) * 1e6) / CALLS);
	}
	rounds.sort((a, b) => a - b);
	const best = rounds[0]?.toFixed(1) ?? '';
	const median = rounds[ROUNDS >> 1]?.toFixed(1) ?? '';
	console.log(`${name.padEnd(58)} best ${best.padStart(7)} ns   median ${median.padStart(7)} ns`);
}

/** The head of a usual browser request, as the codec leaves it. */
const FIELDS = [
	'Host: orders.shop.svc:8000',
	'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
	'Accept: */*',
	'Accept-Encoding: gzip, deflate, br',
	'Cookie: sid=0123456789abcdef',
	'Connection: keep-alive',
];

function fill(headers: HeaderList, fields: readonly string[]): void {
	headers.text = `${fields.join('\r\n')}\r\n`;
	let at = 0;
	for (const [i, field] of fields.entries()) {
		const colon = field.indexOf(':');
		const id = fieldIdOf(field.slice(0, colon).toLowerCase());
		headers.spans.set([at, at + colon, at + colon + 2, at + field.length, id], i * SPAN);
		at += field.length + 2;
	}
	headers.parsed = fields.length;
	headers.textEnd = at;
}

class Deadline extends TimerEntry {
	onTimer(): void {
		sink++;
	}
}

const breaker = new CircuitBreaker(
	{ errorThresholdPercentage: 50, volumeThreshold: 20, rollingCountTimeout: 10_000, resetTimeout: 5_000 },
	0,
);
// A thousandth of a millisecond each: a busy second has a million, and buckets rotate as they would.
let now = 0;
measure('breaker: allow + succeed', () => {
	now += 0.001;
	const isAllowed = breaker.allow(now);
	breaker.succeed(now);
	return isAllowed ? 1 : 0;
});
measure('breaker: allow + fail or succeed, one in four fails', (i) => {
	now += 0.001;
	const isAllowed = breaker.allow(now);
	if ((i & 3) === 0) breaker.fail(now);
	else breaker.succeed(now);
	return isAllowed ? 1 : 0;
});

const budget = new RetryBudget(20, 10, 0);
measure('retry budget: take + release', () => {
	now += 0.001;
	const isTaken = budget.tryTake(now, 50);
	budget.release();
	return isTaken ? 1 : 0;
});

measure('clock: now', () => systemClock.now());
const wheel = new TimerWheel(systemClock);
const others = Array.from({ length: 1000 }, () => new Deadline());
for (const [i, other] of others.entries()) wheel.arm(other, 1000 + i * 300);
const deadline = new Deadline();
const begun = systemClock.now();
measure('timer wheel: arm + disarm, far (300 s)', () => {
	wheel.arm(deadline, 300_000);
	wheel.disarm(deadline);
	return 1;
});
measure('timer wheel: arm + disarm, near (1 s)', () => {
	wheel.arm(deadline, 1000);
	wheel.disarm(deadline);
	return 1;
});
measure('timer wheel: armAt + disarm, clock read elsewhere', (i) => {
	wheel.armAt(deadline, begun + 300_000 + (i & 1023));
	wheel.disarm(deadline);
	return 1;
});
measure('timer wheel: arm again (idle timeout moved by a chunk)', () => {
	wheel.arm(deadline, 300_000);
	return 1;
});
wheel.stop();

measure('random: 24 bytes as hex', () => systemRandom.hex(24).length);
measure('random: uuid', () => systemRandom.uuid().length);

const head = new RequestHead();
fill(head.headers, FIELDS);
head.authority = 'orders.shop.svc:8000';
const { headers } = head;
measure('trace: start + apply, no trace fields', () => {
	headers.forgetAdded();
	const trace = continueTrace(headers, systemRandom);
	applyTrace(headers, trace);
	return headers.added.length;
});
const peer = { peerAddress: '10.0.0.9', scheme: 'http', certificateElement: '', trustedHops: 0 } as const;
measure('forwarded: no fields came', () => {
	headers.forgetAdded();
	return applyForwarded(head, peer).length;
});
measure('trace + forwarded + uuid, as a request without any', () => {
	headers.forgetAdded();
	const trace = continueTrace(headers, systemRandom);
	const client = applyForwarded(head, peer);
	applyTrace(headers, trace);
	headers.append('x-request-id', systemRandom.uuid());
	return client.length;
});

const traced = new RequestHead();
fill(traced.headers, [...FIELDS, 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']);
measure(
	'trace: continue a traceparent (parsing only)',
	() => continueTrace(traced.headers, systemRandom).spanId.length,
);
measure('request id: accept', () => acceptRequestId('0c5e7f6e-0a54-4c2f-9d7b-3f6f1f6f0001').length);

if (sink === 0) throw new Error('nothing was measured');
