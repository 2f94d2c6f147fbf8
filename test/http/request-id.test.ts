import { describe, expect, it } from 'vitest';
import { acceptRequestId } from '../../src/http/request-id.ts';

describe('x-request-id', () => {
	it.each(['a', '0c5e7f6e-0a54-4c2f-9d7b-3f6f1f6f0001', '!~', 'x'.repeat(128)])('keeps %j', (id) => {
		expect(acceptRequestId(id)).toBe(id);
	});

	it.each([undefined, '', 'x'.repeat(129), 'a b', 'a\tb', 'caf\u00e9', 'a\u007f', '\u0000'])('replaces %j', (id) => {
		expect(acceptRequestId(id)).toBe('');
	});
});
