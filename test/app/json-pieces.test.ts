import { describe, expect, it } from 'vitest';
import { listPieces, objectPieces } from '../../src/app/json-pieces.ts';

async function gather(pieces: AsyncIterable<string>): Promise<string[]> {
	const all: string[] = [];
	for await (const piece of pieces) all.push(piece);
	return all;
}

const items = (count: number) =>
	Array.from({ length: count }, (_, i) => ({ name: `r${i}`, hostnames: ['a', `b${i}`] }));

describe.each([0, 1, 19, 20, 21, 400])('%i entries', (count) => {
	it('are the JSON of a list', async () => {
		const pieces = await gather(listPieces(items(count)));
		expect(pieces.join('')).toBe(`${JSON.stringify(items(count), null, '\t')}\n`);
		expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(2000);
	});

	it('are the JSON of an object', async () => {
		const entries = items(count).map((item): [string, unknown] => [`"${item.name}"`, item]);
		const pieces = await gather(objectPieces(entries));
		expect(pieces.join('')).toBe(`${JSON.stringify(Object.fromEntries(entries), null, '\t')}\n`);
	});
});
