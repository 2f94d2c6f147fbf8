import { describe, expect, it } from 'vitest';
import { offersTls13 } from '../../src/identity/session-tickets.ts';

const extension = (...versions: readonly number[]): number[] => {
	const list = versions.flatMap((version) => [version >> 8, version & 255]);
	return [0, 43, 0, list.length + 1, list.length, ...list];
};
const GREASE = 0x7a7a;

describe('a client’s first bytes', () => {
	it.each([
		['the newest alone', extension(0x0304), true],
		['with older ones and what means nothing', extension(GREASE, 0x0304, 0x0303), true],
		['after something that looks like it', [0, 43, 0, 9, 9, ...extension(0x0303, 0x0304)], true],
		['older ones alone', extension(0x0303, 0x0302), false],
		['in the middle of two', extension(0x0103, 0x0403), false],
		['cut before it', extension(0x0303, 0x0304).slice(0, -1), false],
		['cut within its lengths', [0, 43, 0], false],
		['none', [22, 3, 1], false],
	])('offer TLS 1.3 or not: %s', (_, bytes, isOffered) => {
		expect(offersTls13(Buffer.from(bytes))).toBe(isOffered);
	});
});
