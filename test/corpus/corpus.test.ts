import { describe, expect, it } from 'vitest';
import { type Cuts, linesOf, readRequests, readResponses } from '../support/codec-transcript.ts';
import { type CorpusCase, readCorpus } from './corpus-file.ts';

const CASES = readCorpus().flatMap((file) => file.cases);

/** Cutting at every position is quadratic: longer inputs are cut at about this many positions, the same each time. */
const MAX_CUTS = 600;

function read(one: CorpusCase, cuts: Cuts): string[] {
	const transcript =
		one.answers === null ? readRequests(one.bytes, cuts) : readResponses(one.bytes, one.answers, one.closes, cuts);
	return linesOf(transcript).map((line) => line.trimEnd());
}

describe.each(CASES)('$name', (one) => {
	it('in one piece', () => {
		expect(read(one, [])).toEqual(one.expected);
	});

	it('byte by byte', () => {
		const everywhere = Array.from({ length: one.bytes.length }, (_, i) => i);
		expect(read(one, everywhere)).toEqual(one.expected);
	});

	it('cut in two anywhere', () => {
		const step = Math.max(1, Math.floor(one.bytes.length / MAX_CUTS));
		const broken: number[] = [];
		for (let cut = 1; cut < one.bytes.length; cut += step) {
			if (read(one, [cut]).join('\n') !== one.expected.join('\n')) broken.push(cut);
		}
		expect(broken).toEqual([]);
	});
});

describe('the corpus', () => {
	it('names the section of an RFC in every case, and no case twice', () => {
		expect(CASES.filter((one) => !/^RFC \d{4} §\d/.test(one.prose)).map((one) => one.name)).toEqual([]);
		expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length);
		expect(CASES.length).toBeGreaterThanOrEqual(250);
	});
});
