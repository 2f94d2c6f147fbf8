import { describe, expect, it } from 'vitest';
import { DirectResponder } from '../../src/filters/direct-response.ts';
import { answered } from './filtered-request.ts';

const TEXT = 'text/plain; charset=utf-8';

describe('the direct response', () => {
	it.each([
		['a body', 'ok', [], { 'content-type': TEXT }],
		['no body', '', [], {}],
		[
			'a type of its own',
			'{}',
			[{ name: 'Content-Type', value: 'application/json' }],
			{ 'Content-Type': 'application/json' },
		],
		['other fields', 'ok', [{ name: 'x-a', value: '1' }], { 'content-type': TEXT, 'x-a': '1' }],
	] as const)('has a type with %s', (_, body, headers, expected) => {
		const answer = new DirectResponder({ status: 418, body, headers }).onRequest();
		expect(answer).toMatchObject({ kind: 'answer', made: 'direct_response', body });
		expect(answered(answer)).toEqual({ status: '418', ...expected });
	});

	it('is made once', () => {
		const responder = new DirectResponder({ status: 200, body: 'ok', headers: [] });
		expect(responder.onRequest()).toBe(responder.onRequest());
	});
});
