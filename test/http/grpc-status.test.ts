import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grpcMessage, toldStatus } from '../../src/http/grpc-status.ts';

describe('the status of gRPC', () => {
	it.each([
		[7, 'no identity', 'grpc-status 7 (PERMISSION_DENIED): no identity'],
		[14, '', 'grpc-status 14 (UNAVAILABLE)'],
		[13, '', 'grpc-status 13'],
	])('%i is told with its name', (status, message, told) => {
		expect(toldStatus(status, message)).toBe(told);
	});

	it.each([
		['', ''],
		['no identity issued', 'no identity issued'],
		['%C3%B6 100%25', 'ö 100%'],
		['100%', '100%'],
		['%ff', '%ff'],
	])('has the message %j', (text, message) => {
		expect(grpcMessage(text)).toBe(message);
	});

	it('never has a long one, and is never thrown', () => {
		fc.assert(fc.property(fc.string({ maxLength: 1000 }), (text) => grpcMessage(text).length <= 200));
	});
});
