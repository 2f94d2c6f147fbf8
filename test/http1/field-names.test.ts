import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES, fieldIdOf } from '../../src/http/field-id.ts';
import { fieldIdOfBytes } from '../../src/http1/field-names.ts';

function idOf(name: string): number {
	return fieldIdOfBytes(Buffer.from(`\r\n${name}:`, 'latin1'), 2, 2 + name.length);
}

describe('fieldIdOfBytes', () => {
	it('knows every name, in any case', () => {
		for (const [id, name] of FIELD_NAMES.entries()) {
			if (id === 0) continue;
			expect([name, idOf(name), idOf(name.toUpperCase())]).toEqual([name, id, id]);
		}
	});

	it('agrees with the table of strings on every token', () => {
		const near = fc
			.constantFrom(...FIELD_NAMES.slice(1))
			.chain((name) =>
				fc
					.tuple(fc.nat(name.length - 1), fc.constantFrom(...'aA-_~5^'))
					.map(([at, c]) => name.slice(0, at) + c + name.slice(at + 1)),
			);
		const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,40}$/);
		fc.assert(
			fc.property(fc.oneof(near, token), (name) => {
				expect(idOf(name)).toBe(fieldIdOf(name.toLowerCase()));
			}),
			{ numRuns: 3000 },
		);
	});
});
