import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines } from '../../../src/discovery/kubernetes/json-lines.ts';
import { ListItems } from '../../../src/discovery/kubernetes/list-items.ts';

/** The bytes in pieces that end where `cuts` say. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
	const bytes = Buffer.from(text);
	const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
	return [...ends, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : (ends[i - 1] as number), end));
}

const cutsArbitrary = fc.array(fc.nat(), { maxLength: 12 });
const textArbitrary = fc.string({ unit: 'grapheme', maxLength: 30 });

describe('lines', () => {
	it('are the same however they are cut', () => {
		const lineArbitrary = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
		fc.assert(
			fc.property(fc.array(lineArbitrary), textArbitrary, cutsArbitrary, (lines, rest, cuts) => {
				const reader = new JsonLines(10_000);
				const text = lines.map((line) => `${line}\n`).join('') + rest.replaceAll('\n', '');
				const found = pieces(text, cuts).flatMap((piece) => [...reader.feed(piece)]);
				expect(found).toEqual(lines);
			}),
		);
	});

	it('empty ones, and carriage returns, are nothing', () => {
		expect([...new JsonLines(100).feed(Buffer.from('\n{}\r\n \n1\n'))]).toEqual(['{}', '1']);
	});

	it.each([
		['in one piece', ['x'.repeat(11)]],
		['in pieces', ['x'.repeat(6), 'x'.repeat(5)]],
		['with its end', [`${'x'.repeat(11)}\n`]],
	])('that are too long are told (%s)', (_name, parts) => {
		const reader = new JsonLines(10);
		const found = parts.flatMap((part) => [...reader.feed(Buffer.from(part))]);
		expect(found).toEqual([null]);
	});

	it('may be as long as the bound, each', () => {
		const line = 'x'.repeat(10);
		expect([...new JsonLines(10).feed(Buffer.from(`${line}\n${line}\n`))]).toEqual([line, line]);
	});
});

describe('items of a list', () => {
	const read = (text: string, cuts: readonly number[] = [], max = 100_000) => {
		const reader = new ListItems(max);
		const items = pieces(text, cuts).flatMap((piece) => [...reader.feed(piece)]);
		return { items, around: reader.end() };
	};

	it('are what a parser finds, however they are cut, and what is around them too', () => {
		const itemArbitrary = fc.dictionary(textArbitrary, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
		const aroundArbitrary = fc.dictionary(
			textArbitrary.map((key) => key.replace(/[^ -~]/g, '')),
			fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value).replace(/[^ -~]/g, '.'))),
			{ noNullPrototype: true },
		);
		fc.assert(
			fc.property(
				aroundArbitrary,
				fc.array(itemArbitrary),
				aroundArbitrary,
				cutsArbitrary,
				fc.nat(2),
				(a, all, b, cuts, indent) => {
					const list = { ...a, items: all, ...b };
					const { items, around } = read(JSON.stringify(list, null, indent), cuts);
					if ('items' in b) return;
					expect(items.map((item) => JSON.parse(item ?? ''))).toEqual(all);
					expect(JSON.parse(around)).toEqual({ ...list, items: [] });
				},
			),
		);
	});

	it('those of an inner list are left alone', () => {
		const text = '{"spec":{"items":[{"a":1}]},"x":["items",[{}]],"items":[{"items":[{"b":2}]}]}';
		expect(read(text).items).toEqual(['{"items":[{"b":2}]}']);
	});

	it('a word in a text is no key', () => {
		expect(read('{"a":"\\"items\\":[","b":[{"c":1}],"items":[{"d":1}]}').items).toEqual(['{"d":1}']);
		expect(read('{"items":null}')).toEqual({ items: [], around: '{"items":null}' });
	});

	it('a list that does not end has nothing around it', () => {
		for (const text of ['{"items":[', '{"items":[{}]', '{"a":"', '{"items":[{},']) expect(read(text).around).toBe('');
	});

	it('one that is too long is told, and so is too much around them', () => {
		expect(read(`{"items":[{"a":"${'x'.repeat(50)}"}]}`, [], 20).items).toEqual([null]);
		expect(read(`{"items":[{"a":"${'x'.repeat(50)}`, [30], 20).items).toEqual([null]);
		expect(read(`{"a":"${'x'.repeat(70_000)}`).items).toEqual([null]);
	});
});
