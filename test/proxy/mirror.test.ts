import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import { RequestHead } from '../../src/http/head.ts';
import type { UpstreamPool, UpstreamSink, UpstreamStream } from '../../src/ports/stream.ts';
import { Backend } from '../../src/proxy/backend.ts';
import type { ProxyContext } from '../../src/proxy/context.ts';
import { Endpoint } from '../../src/proxy/endpoint.ts';
import { EndpointGroup } from '../../src/proxy/endpoint-group.ts';
import { Mirror } from '../../src/proxy/mirror.ts';
import { MirrorsUnderWay } from '../../src/proxy/mirrors-under-way.ts';
import type { Service } from '../../src/proxy/service.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';

const BYTES = Buffer.alloc(100_000, 'x');
const ANSWER_MS = 15_000;

/** A mirror whose connection is a stub; `accepts` says whether it takes more for now. */
function mirrored({ connects = true } = {}) {
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	const outcomes: string[] = [];
	const state = { accepts: true, written: 0, ended: false, resets: 0, cancels: 0, settled: [] as string[] };
	let sink: UpstreamSink | undefined;
	const stream: Partial<UpstreamStream> = {
		head: (_head, given) => {
			sink = given;
		},
		write: (_buffer, start, end) => {
			state.written += end - start;
			return state.accepts;
		},
		end: () => {
			state.ended = true;
		},
		flush: () => undefined,
		reset: () => {
			state.resets++;
		},
	};
	const pool: UpstreamPool = {
		acquire: () => (connects ? (stream as UpstreamStream) : null),
		cancel: () => {
			state.cancels++;
		},
	};
	const endpoint = new Endpoint({ address: '10.0.0.1:80', weight: 1, labels: {}, pool });
	const group = EndpointGroup.of([endpoint]);
	const service: Partial<Service> = {
		name: 'shadow',
		active: 0,
		admit() {
			this.active = (this.active ?? 0) + 1;
			return null;
		},
		allow: () => null,
		settle: (_target, code) => {
			state.settled.push(code);
		},
	};
	const backend = new Backend({ label: 'shadow', service: service as Service, invalid: '', group });
	const recorder = { mirrored: (_service: string, outcome: string) => outcomes.push(outcome) };
	const mirrorsUnderWay = new MirrorsUnderWay();
	const parts = { clock, timers, recorder, mirrorsUnderWay, random: { next: () => 0 } };
	const context = parts as unknown as ProxyContext;
	const mirror = Mirror.start(context, backend, new RequestHead());
	if (mirror === null) throw new Error('there is an endpoint');
	return { mirror, state, outcomes, timers, endpoint, service, stream: stream as UpstreamStream, sink: () => sink };
}

describe('a mirror', () => {
	it('goes on for as long as its request does, and then waits for an answer for 15 s', () => {
		const { mirror, state, outcomes, timers, endpoint, service } = mirrored();
		for (let i = 0; i < 10; i++) {
			timers.advance(ANSWER_MS - 1);
			mirror.data(BYTES, 0, 10);
		}
		mirror.end(null);
		expect([outcomes, state.ended, endpoint.active]).toEqual([[], true, 1]);
		timers.advance(ANSWER_MS + 20);
		expect([outcomes, state.resets, endpoint.active]).toEqual([['attempt_timeout'], 1, 0]);
		expect(service.active).toBe(0);
	});

	it('holds it against the client, not against the service, when the rest of a body does not come', () => {
		const { mirror, state, outcomes, timers, endpoint } = mirrored();
		mirror.data(BYTES, 0, 10);
		timers.advance(10 * ANSWER_MS);
		expect(outcomes).toEqual([]);
		mirror.release();
		expect([outcomes, state.settled, endpoint.active]).toEqual([['client_closed'], ['client_closed'], 0]);
	});

	it('is cut when it takes less than comes', () => {
		const { mirror, state, outcomes } = mirrored();
		state.accepts = false;
		for (let i = 0; i < 5; i++) mirror.data(BYTES, 0, BYTES.length);
		expect(outcomes).toEqual(['client_closed']);
		expect(state.written).toBeLessThanOrEqual(3 * BYTES.length);
		mirror.end(null);
		expect([state.ended, state.settled]).toEqual([false, ['client_closed']]);
	});

	it('is not cut when it catches up', () => {
		const { mirror, state, outcomes, sink } = mirrored();
		for (let i = 0; i < 20; i++) {
			state.accepts = false;
			mirror.data(BYTES, 0, BYTES.length);
			sink()?.onDrain();
		}
		expect([outcomes, state.written]).toEqual([[], 20 * BYTES.length]);
	});

	it('keeps what comes before there is a connection, up to a limit', () => {
		const short = mirrored({ connects: false });
		short.mirror.data(BYTES, 0, BYTES.length);
		short.mirror.end(null);
		short.mirror.onStream(short.stream);
		expect([short.state.written, short.state.ended]).toEqual([BYTES.length, true]);
		const long = mirrored({ connects: false });
		for (let i = 0; i < 5; i++) long.mirror.data(BYTES, 0, BYTES.length);
		expect([long.outcomes, long.state.cancels]).toEqual([['client_closed'], 1]);
	});

	it('is cut with a request that breaks off, and lives on after one that was whole', () => {
		const broken = mirrored();
		broken.mirror.data(BYTES, 0, 10);
		broken.mirror.release();
		expect([broken.outcomes, broken.state.resets]).toEqual([['client_closed'], 1]);
		const whole = mirrored();
		whole.mirror.end(null);
		whole.mirror.release();
		expect(whole.outcomes).toEqual([]);
		whole.sink()?.onEnd(null);
		expect([whole.outcomes, whole.endpoint.active]).toEqual([['ok'], 0]);
	});

	it('says how it failed, once', () => {
		const { mirror, outcomes, state, sink } = mirrored();
		sink()?.onReset(new ProxyError('upstream_reset', 'reset'));
		mirror.release();
		expect([outcomes, state.settled]).toEqual([['upstream_reset'], ['upstream_reset']]);
	});
});
