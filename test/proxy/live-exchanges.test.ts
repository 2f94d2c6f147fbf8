import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/error.ts';
import { GoneExchange, type LiveExchange, LiveExchanges } from '../../src/proxy/live-exchanges.ts';

class Entry implements LiveExchange {
	readonly traceId: string;
	readonly spanId: string;
	readonly requestId: string;
	readonly statedDeadline = 500;
	readonly requestDeadline = 400;
	errorCode: ErrorCode | '' = '';
	nextSpan: LiveExchange | null = null;
	linkBefore: LiveExchange | null = null;
	linkAfter: LiveExchange | null = null;
	firstCall: LiveExchange | null = null;
	madeFor: LiveExchange | null = null;
	heard = 0;
	onHear = (): void => undefined;

	constructor(traceId: string, spanId: string) {
		this.traceId = traceId;
		this.spanId = spanId;
		this.requestId = `id of ${spanId}`;
	}

	onClientLeft(): void {
		this.heard++;
		this.onHear();
	}
}

function known(...exchanges: Entry[]): LiveExchanges {
	const live = new LiveExchanges();
	for (const exchange of exchanges) live.add(exchange);
	return live;
}

const a = () => new Entry('trace-1', 'span-a');
const b = () => new Entry('trace-1', 'span-b');

describe('the request that a call is made for', () => {
	it('is the one whose span the call names as its parent', () => {
		const [first, second] = [a(), b()];
		const live = known(first, second);
		expect(live.find('trace-1', 'span-a', 0)).toBe(first);
		expect(live.find('trace-1', 'span-b', 0)).toBe(second);
		expect(live.find('another trace', 'span-b', 0)).toBe(second);
	});

	it("is the trace's only one when the app has spans of its own", () => {
		const first = a();
		expect(known(first, new Entry('trace-2', 'span-c')).find('trace-1', 'span of the app', 0)).toBe(first);
	});

	it('is not known when the trace has two, and is again when one of them is over', () => {
		const [first, second] = [a(), b()];
		const live = known(first, second);
		expect(live.find('trace-1', 'span of the app', 0)).toBeNull();
		live.remove(second, 0);
		expect(live.find('trace-1', 'span of the app', 0)).toBe(first);
		live.remove(first, 0);
		expect(live.find('trace-1', 'span of the app', 0)).toBeNull();
		expect(live.size).toBe(0);
	});

	it.each(['client_closed', 'request_timeout'] as const)('is remembered by its span when it ended by %s', (code) => {
		const first = a();
		const live = known(first);
		first.errorCode = code;
		live.remove(first, 1000);
		const gone = live.find('trace-1', 'span-a', 1001);
		expect(gone).toBeInstanceOf(GoneExchange);
		expect(gone).toMatchObject({
			requestId: 'id of span-a',
			statedDeadline: 500,
			requestDeadline: 400,
			hasClientLeft: code === 'client_closed',
		});
		expect(live.find('trace-1', 'span of the app', 1001)).toBeNull();
		expect(live.find('trace-1', 'span-a', 7000)).toBeNull();
	});

	it.each(['', 'upstream_reset', 'no_route'] as const)('is forgotten when it ended otherwise (%j)', (code) => {
		const first = a();
		const live = known(first);
		first.errorCode = code;
		live.remove(first, 0);
		expect(live.find('trace-1', 'span-a', 0)).toBeNull();
	});

	it('is not known beyond the limits, and all the others still are', () => {
		const live = new LiveExchanges();
		const all = Array.from({ length: 16_385 }, (_, i) => new Entry(`t${i}`, `s${i}`));
		for (const exchange of all) live.add(exchange);
		expect(live.size).toBe(16_384);
		expect(live.find('t16384', 's16384', 0)).toBeNull();
		for (const exchange of all) {
			exchange.errorCode = 'client_closed';
			live.remove(exchange, 0);
		}
		expect(live.size).toBe(0);
		expect(live.find('t16383', 's16383', 0)).toBeInstanceOf(GoneExchange);
		expect(live.find('t0', 's0', 0)).toBeNull();
		expect(live.find('t16384', 's16384', 0)).toBeNull();
	});
});

it('looks no further than is worth it in traces that somebody has chosen to collide', () => {
	const live = new LiveExchanges();
	const wanted = new Entry('wanted-abc', 's');
	live.add(wanted);
	for (let i = 0; i < 63; i++) live.add(new Entry(`t${i}-abc`, `s${i}`));
	expect(live.find('wanted-abc', '', 0)).toBe(wanted);
	live.add(new Entry('one more-abc', 's64'));
	expect(live.find('wanted-abc', '', 0)).toBeNull();
	expect(live.find('', 's', 0)).toBe(wanted);
});

describe('a call', () => {
	it('hears once that the client has left, unless it is over by then', () => {
		const request = a();
		const live = known(request);
		const calls = [1, 2, 3].map((i) => new Entry('trace-1', `call-${i}`));
		for (const call of calls) live.attach(call, request);
		live.remove(calls[1] as Entry, 0);
		request.errorCode = 'client_closed';
		live.remove(request, 0);
		live.remove(request, 0);
		expect(calls.map((call) => call.heard)).toEqual([1, 0, 1]);
	});

	it('hears nothing when the request ends otherwise', () => {
		const request = a();
		const live = known(request);
		const call = new Entry('trace-1', 'call');
		live.attach(call, request);
		request.errorCode = 'upstream_reset';
		live.remove(request, 0);
		expect([call.heard, call.madeFor, request.firstCall]).toEqual([0, null, null]);
	});

	it('may end others by what it does when it hears', () => {
		const request = a();
		const live = known(request);
		const calls = [1, 2, 3].map((i) => new Entry('trace-1', `call-${i}`));
		for (const call of calls) {
			live.attach(call, request);
			call.onHear = () => {
				for (const each of calls) live.remove(each, 0);
			};
		}
		request.errorCode = 'client_closed';
		live.remove(request, 0);
		expect(calls.reduce((sum, call) => sum + call.heard, 0)).toBe(1);
		expect(request.firstCall).toBeNull();
	});
});

describe('whatever begins and ends', () => {
	type Step = readonly [kind: 'begin' | 'call' | 'end' | 'leave' | 'endCall', index: number];
	const step: fc.Arbitrary<Step> = fc.tuple(
		fc.constantFrom('begin', 'call', 'end', 'leave', 'endCall'),
		fc.nat({ max: 7 }),
	);

	// All of them in one chain.
	it('is found exactly as a plain list would find it', () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
				const live = new LiveExchanges();
				const open: Entry[] = [];
				const calls: { call: Entry; request: Entry }[] = [];
				for (const [i, [kind, index]] of steps.entries()) {
					if (kind === 'begin') {
						const exchange = new Entry(`t${index % 3}-abc`, `s${i}-abc`);
						open.push(exchange);
						live.add(exchange);
					}
					const request = open[index % Math.max(open.length, 1)];
					if (kind === 'call' && request !== undefined) {
						const call = new Entry(request.traceId, `c${i}`);
						calls.push({ call, request });
						live.attach(call, request);
					}
					if ((kind === 'end' || kind === 'leave') && request !== undefined) {
						open.splice(open.indexOf(request), 1);
						const own = calls.filter((each) => each.request === request);
						request.errorCode = kind === 'leave' ? 'client_closed' : '';
						live.remove(request, i);
						expect(own.map(({ call }) => call.heard)).toEqual(own.map(() => (kind === 'leave' ? 1 : 0)));
						for (const each of own) calls.splice(calls.indexOf(each), 1);
					}
					const ended = calls[index % Math.max(calls.length, 1)];
					if (kind === 'endCall' && ended !== undefined) {
						calls.splice(calls.indexOf(ended), 1);
						live.remove(ended.call, i);
					}
					expect(live.size).toBe(open.length);
					for (const each of open) expect(live.find('', each.spanId, i)).toBe(each);
					for (const trace of ['t0-abc', 't1-abc', 't2-abc']) {
						const same = open.filter((each) => each.traceId === trace);
						expect(live.find(trace, '', i)).toBe(same.length === 1 ? same[0] : null);
					}
				}
			}),
		);
	});
});
