import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derValues } from '../../src/identity/der.ts';
import { octets, sequence } from '../support/pki/der.ts';

describe('DER values one after the other', () => {
	it('are told apart', () => {
		const value = fc.uint8Array({ maxLength: 400 }).map((content) => sequence(octets(Buffer.from(content))));
		fc.assert(
			fc.property(fc.array(value, { maxLength: 5 }), (values) => {
				const found = derValues(Buffer.concat(values)) ?? [];
				expect(found.map((each) => Buffer.from(each))).toEqual(values);
			}),
		);
	});

	it('are none where something else is left over', () => {
		expect(derValues(Buffer.of(0x30, 0x00, 0x30))).toBeNull();
		expect(derValues(Buffer.of(0x30, 0x01))).toBeNull();
		expect(derValues(Buffer.of(0x30, 0x80, 0x00, 0x00))).toBeNull();
		expect(derValues(Buffer.of(0x30, 0x85, 1, 1, 1, 1, 1))).toBeNull();
	});

	it('cover all bytes, whatever they are', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				const found = derValues(bytes);
				if (found !== null) expect(found.reduce((sum, each) => sum + each.length, 0)).toBe(bytes.length);
			}),
			{ numRuns: 2000 },
		);
	});
});
