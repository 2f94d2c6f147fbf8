import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrpcFrames } from '../../src/identity/grpc-frames.ts';

function frame(message: Uint8Array): Buffer {
	const head = Buffer.alloc(5);
	head.writeUInt32BE(message.length, 1);
	return Buffer.concat([head, message]);
}

describe('the frames of gRPC', () => {
	it('are the same messages however their bytes come', () => {
		const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
		fc.assert(
			fc.property(messages, fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }), (sent, sizes) => {
				const bytes = Buffer.concat(sent.map(frame));
				const frames = new GrpcFrames(40);
				const received: number[][] = [];
				for (let at = 0, i = 0; at < bytes.length; i++) {
					const size = sizes[i % sizes.length] ?? 0;
					const whole = frames.feed(bytes.subarray(at, at + size + (i % 2)));
					if (!Array.isArray(whole)) throw new Error(whole.reason);
					received.push(...whole.map((message) => [...message]));
					at += size + (i % 2);
				}
				expect(received).toEqual(sent.map((message) => [...message]));
			}),
		);
	});

	it('are refused by their heads: too long, or compressed', () => {
		expect(new GrpcFrames(40).feed(Buffer.from([0, 0, 0, 0, 41]))).toEqual({ reason: 'is longer than 40 bytes' });
		expect(new GrpcFrames(40).feed(Buffer.from([0, 255, 255, 255, 255]))).toEqual({
			reason: 'is longer than 40 bytes',
		});
		expect(new GrpcFrames(40).feed(Buffer.from([1, 0, 0, 0, 1]))).toEqual({ reason: 'is compressed' });
	});

	it('never throw, whatever comes', () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (chunks) => {
				const frames = new GrpcFrames(100);
				for (const chunk of chunks) if (!Array.isArray(frames.feed(chunk))) return;
			}),
		);
	});
});
