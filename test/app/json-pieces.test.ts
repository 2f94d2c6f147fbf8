import { describe, expect, it } from 'vitest';
import { LongList, listPieces, objectPieces } from '../../src/app/json-pieces.ts';

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

	it('of a list within an entry are written in pieces as well', async () => {
		const [before, after] = [{ hostnames: ['a'] }, { circuit: 'closed', requests: { active: 1 } }];
		const entries: [string, unknown][] = [
			['app', before],
			['big', { ...before, endpoints: new LongList(items(count)), ...after, more: new LongList(items(2)) }],
			['small', after],
		];
		const whole = { app: before, big: { ...before, endpoints: items(count), ...after, more: items(2) }, small: after };
		const pieces = await gather(objectPieces(entries));
		expect(pieces.join('')).toBe(`${JSON.stringify(whole, null, '\t')}\n`);
		expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(2500);
	});
});

it('turn the event loop where the entries of an object pause, and show nothing of it', async () => {
	let isTurned = false;
	setImmediate(() => {
		isTurned = true;
	});
	const seen: boolean[] = [];
	const entries = function* (): Generator<[string, unknown] | undefined> {
		yield undefined;
		seen.push(isTurned);
		yield ['a', 1];
		yield undefined;
		yield ['b', 2];
		yield undefined;
	};
	const pieces = await gather(objectPieces(entries()));
	expect(pieces.join('')).toBe('{\n\t"a": 1,\n\t"b": 2\n}\n');
	expect(seen).toEqual([true]);
});
