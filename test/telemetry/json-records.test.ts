import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitRecords } from '../../src/telemetry/json-records.ts';

const LIMITS = { records: 1000, depth: 32 };
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 });

function parsed(body: string): unknown[] | string {
	const result = splitRecords(body, LIMITS);
	return result.ok ? result.records.map(({ text }) => JSON.parse(text) as unknown) : result.reason;
}

/** What JSON itself makes of a value: no `-0`, and `__proto__` a key like others. */
function asJson(value: unknown): unknown {
	return JSON.parse(JSON.stringify(value));
}

describe('records', () => {
	it('come out as they were posted: one, an array, or one a line, however it is indented', () => {
		fc.assert(
			fc.property(fc.array(object, { maxLength: 6 }), fc.constantFrom(undefined, '\t', 2), (objects, indent) => {
				expect(parsed(JSON.stringify(objects, null, indent))).toEqual(asJson(objects));
				for (const single of objects) expect(parsed(JSON.stringify(single, null, indent))).toEqual([asJson(single)]);
				if (objects.length > 0) {
					expect(parsed(objects.map((value) => JSON.stringify(value)).join('\r\n\n'))).toEqual(asJson(objects));
				}
			}),
		);
	});

	it('are each one line without control characters', () => {
		const result = splitRecords('[{"a":\n\t"\u2028\u009b\u007f"},\r\n{"b": 1}]', LIMITS);
		expect(result).toMatchObject({
			ok: true,
			records: [{ text: '{"a": "\\u2028\\u009b\\u007f"}' }, { text: '{"b": 1}' }],
		});
	});

	it('keep integers, order and repeated keys that a parser would lose', () => {
		const text = '{"z":12345678901234567890,"1":1.0,"z":2}';
		expect(splitRecords(text, LIMITS)).toMatchObject({ ok: true, records: [{ text }] });
	});

	it.each([
		['', /empty/],
		['\ufeff \n', /empty/],
		['7', /not a JSON object/],
		['"text"', /not a JSON object/],
		['null', /not a JSON object/],
		['{"a":1', /./],
		['{"a":1}}', /./],
		['{"a":1},', /./],
		['{"a":\u0001}', /./],
		['{"a":1}\n{"b":}', /^line 2: /],
		['{"a":1}\n7', /^line 2: not a JSON object/],
		['[{"a":1},7]', /^record 2: not a JSON object/],
		['[{"a":1},]', /^record 2: /],
		['[{"a":1}] x', /not a JSON array/],
		['[{"a":1}', /not a JSON array/],
		['[[{"a":1}]]', /^record 1: not a JSON object/],
		['[{"a":"]"}, {"b":"\\"],"} , {"c"}]', /^record 3: /],
		[`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, /deeper than 32/],
		[`[${'['.repeat(100_000)}`, /deeper than 32/],
		[`[{"a":${'{"a":'.repeat(32)}1${'}'.repeat(32)}}]`, /deeper than 32/],
	])('are refused whole, with the reason: case %#', (body, reason) => {
		expect(parsed(body)).toMatch(reason);
	});

	it('may nest as deep as the limit says', () => {
		const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
		expect(parsed(deep(32))).toHaveLength(1);
		expect(parsed(`[${deep(32)}]`)).toHaveLength(1);
		expect(parsed(deep(33))).toMatch(/deeper/);
	});

	it('are bounded in number', () => {
		const many = (count: number) => `[${new Array(count).fill('{}').join(',')}]`;
		expect(parsed(many(1000))).toHaveLength(1000);
		expect(splitRecords(many(1001), LIMITS)).toMatchObject({ ok: false, isTooMany: true });
		expect(parsed('[]')).toEqual([]);
		expect(parsed('{}\ufeff'.slice(0, 2))).toEqual([{}]);
	});
});
