import { describe, expect, it } from 'vitest';
import type { DownstreamStream, StreamSink, UpstreamPool, UpstreamStream } from '../../src/ports/stream.ts';
import { Endpoint } from '../../src/proxy/endpoint.ts';
import { Tunnel } from '../../src/proxy/tunnel.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';

const HOUR_MS = 3_600_000;
const BYTE = Buffer.from('x');

/** A tunnel between two streams that only write down what is done to them. */
function tunnel() {
	const calls: string[] = [];
	let upstreamSink: StreamSink | null = null;
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	const side = (name: string) =>
		new Proxy(
			{},
			{
				get: (_target, method: string) => (argument: unknown) => {
					calls.push(`${name}.${method}`);
					if (method === 'openTunnel') upstreamSink = argument as StreamSink;
					return true;
				},
			},
		);
	const pool: Partial<UpstreamPool> = {
		acquire: () => null,
		cancel: () => {
			calls.push('cancel');
		},
	};
	const endpoint = new Endpoint({ address: '', weight: 1, labels: {}, pool: pool as UpstreamPool });
	const sut = new Tunnel(side('client') as DownstreamStream, endpoint, { clock, timers, unmatched: null });
	return { sut, calls, timers, connect: () => sut.onStream(side('app') as UpstreamStream), app: () => upstreamSink };
}

describe('a tunnel', () => {
	it('is reset on both sides after an hour without a byte, and not before', () => {
		const { sut, calls, timers, connect, app } = tunnel();
		connect();
		timers.advance(HOUR_MS - 1);
		sut.onData(BYTE, 0, 1);
		timers.advance(HOUR_MS - 1);
		app()?.onData(BYTE, 0, 1);
		timers.advance(HOUR_MS - 1);
		expect(calls.join()).not.toContain('reset');
		timers.advance(1);
		expect(calls.slice(-3)).toEqual(['app.reset', 'client.reset', 'client.release']);
		expect(timers.size).toBe(0);
	});

	it('that has no connection yet stops waiting for it', () => {
		const { calls, timers } = tunnel();
		timers.advance(HOUR_MS);
		expect(calls).toEqual(['client.pause', 'cancel', 'client.reset', 'client.release']);
	});

	it('has no deadline left once both sides have ended', () => {
		const { sut, calls, timers, connect, app } = tunnel();
		connect();
		app()?.onEnd(null);
		sut.onEnd();
		expect(calls.slice(-2)).toEqual(['app.abandon', 'client.release']);
		expect(timers.size).toBe(0);
	});
});
