/**
 * What an app may take a path for. We match and forward one form (`http/path.ts`), which leaves `//`, `;` and escapes such
 * as `%2F` as they came: they may mean something. Apps differ in what they make of them: some merge slashes, some decode
 * before they look for segments and once more behind that, servlet containers leave out what follows a `;`.
 *
 * Theory of operation. Escapes are decoded until none is left, whatever was escaped how often; of what comes out, each
 * further liberty that an app may take gives another reading: dot segments removed before or after slashes are merged, and
 * the same without `;…`. What is asked for all readings at once needs no order among them.
 */
import { removeDotSegments } from '../http/path.ts';
import { HEX } from '../http/tokens.ts';

const PERCENT = 0x25;
/** What `%XX` takes. */
const ESCAPE = 3;
const NONE: readonly string[] = [];

/** The last path that was asked for: each entry of each list asks. */
let lastPath = '';
let lastReadings = NONE;

/** The readings beside the path itself, which is in the form in which it is matched. Nearly always there are none. */
export function otherReadings(path: string): readonly string[] {
	if (path !== lastPath) {
		lastReadings = path.includes('%') || path.includes(';') || path.includes('//') ? readingsOf(path) : NONE;
		lastPath = path;
	}
	return lastReadings;
}

function readingsOf(path: string): readonly string[] {
	const decoded = decodeAll(path);
	const readings: string[] = [];
	addReadings(decoded, readings);
	if (decoded.includes(';')) addReadings(decoded.replace(/;[^/]*/g, ''), readings);
	return readings;
}

/** With no escape left and every backslash a slash. Linear in the length, however often something was escaped. */
export function decodeAll(path: string): string {
	if (!path.includes('%') && !path.includes('\\')) return path;
	const codes: number[] = [];
	for (let i = 0; i < path.length; i++) {
		codes.push(path.charCodeAt(i));
		// What was decoded may end another escape: `%2%35F` has one inside the other.
		while (foldEscape(codes));
	}
	let decoded = '';
	for (const code of codes) decoded += String.fromCharCode(code);
	return decoded.replaceAll('\\', '/');
}

/** Replaces an escape at the end by what it stands for; false when there is none. */
function foldEscape(codes: number[]): boolean {
	const start = codes.length - ESCAPE;
	if (start < 0 || codes[start] !== PERCENT) return false;
	const high = HEX[codes[start + 1] as number] ?? 0;
	const low = HEX[codes[start + 2] as number] ?? 0;
	if (high === 0 || low === 0) return false;
	codes.length = start;
	codes.push((high - 1) * 16 + low - 1);
	return true;
}

export function mergeSlashes(path: string): string {
	return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

function addReadings(path: string, readings: string[]): void {
	const merged = mergeSlashes(path);
	add(path, readings);
	add(merged, readings);
	if (!path.includes('/.')) return;
	add(removeDotSegments(path), readings);
	add(removeDotSegments(merged), readings);
	add(mergeSlashes(removeDotSegments(path)), readings);
}

function add(reading: string, readings: string[]): void {
	if (!readings.includes(reading)) readings.push(reading);
}
