/**
 * Splits what an app posted into its records: one JSON object, an array of objects, or one object a line. Pure.
 *
 * A record goes on as the text it came as (checked, on one line), never parsed and printed again: large integers,
 * order and repeated keys stay what they were. One pass finds where records begin and end and how deep they nest;
 * `JSON.parse` is asked only whether each is valid.
 */
import { escapeUnsafe } from './json-text.ts';

export interface RecordLimits {
	readonly records: number;
	readonly depth: number;
}

export interface JsonRecord {
	/** The object's JSON text, on one line. */
	readonly text: string;
	readonly fields: Readonly<Record<string, unknown>>;
}

export type RecordsResult =
	| { readonly ok: true; readonly records: readonly JsonRecord[] }
	| { readonly ok: false; readonly reason: string; readonly isTooMany?: boolean };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

export function splitRecords(body: string, limits: RecordLimits): RecordsResult {
	const text = body.replace(/^\ufeff/, '').trim();
	if (text === '') return { ok: false, reason: 'the body is empty' };
	if (text.startsWith('[')) return splitArray(text, limits);
	const whole = checkRecord(text, limits.depth);
	if (typeof whole !== 'string') return { ok: true, records: [whole] };
	const lines = text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
	if (lines.length === 1 || !isObjectAlone(lines[0] ?? '')) return { ok: false, reason: whole };
	return checkAll(lines, limits, 'line');
}

/** Whether a text of several lines is one record a line rather than one broken record over several. */
function isObjectAlone(line: string): boolean {
	return line.trim().startsWith('{') && line.trim().endsWith('}');
}

function splitArray(text: string, limits: RecordLimits): RecordsResult {
	const elements = elementsOf(text, limits.depth);
	if (typeof elements === 'string') return { ok: false, reason: elements };
	if (elements.length === 1 && elements[0]?.trim() === '') return { ok: true, records: [] };
	return checkAll(elements, limits, 'record');
}

function checkAll(texts: readonly string[], limits: RecordLimits, unit: string): RecordsResult {
	if (texts.length > limits.records) {
		return { ok: false, reason: `${texts.length} records; at most ${limits.records} in one request`, isTooMany: true };
	}
	const records: JsonRecord[] = [];
	for (const [index, text] of texts.entries()) {
		const record = checkRecord(text.trim(), limits.depth);
		if (typeof record === 'string') return { ok: false, reason: `${unit} ${index + 1}: ${record}` };
		records.push(record);
	}
	return { ok: true, records };
}

/** The record, or why it is none. */
function checkRecord(text: string, maxDepth: number): JsonRecord | string {
	if (!text.startsWith('{')) return 'not a JSON object';
	if (isDeeper(text, maxDepth)) return `nested deeper than ${maxDepth}`;
	try {
		const fields = JSON.parse(text) as Record<string, unknown>;
		// Control characters can only be between tokens here: within strings they would not be JSON.
		return { text: escapeUnsafe(text.replace(/[\t\r\n]+/g, ' ')), fields };
	} catch (error) {
		return error instanceof Error ? error.message.replace(/[\u0000-\u001f]+/g, ' ') : 'not JSON';
	}
}

function isDeeper(text: string, maxDepth: number): boolean {
	return scan(text, maxDepth, null) === null;
}

/** The texts between the commas of the outermost array, or why there are none. */
function elementsOf(text: string, maxDepth: number): string[] | string {
	const commas: number[] = [];
	const end = scan(text, maxDepth + 1, commas);
	if (end === null) return `nested deeper than ${maxDepth}`;
	if (end !== text.length - 1) return 'not a JSON array';
	const starts = [0, ...commas];
	const ends = [...commas, end];
	return starts.map((start, index) => text.slice(start + 1, ends[index]));
}

/**
 * Walks over JSON text, strings skipped: offset of the bracket that closes the outermost one (-1 when none does), or
 * `null` when it nests too deep. Commas on the outermost level go to `commas`.
 */
function scan(text: string, maxDepth: number, commas: number[] | null): number | null {
	let depth = 0;
	for (let at = 0; at < text.length; at++) {
		switch (text.charCodeAt(at)) {
			case QUOTE:
				at = stringEnd(text, at);
				break;
			case OPEN_BRACE:
			case OPEN_BRACKET:
				if (++depth > maxDepth) return null;
				break;
			case CLOSE_BRACE:
			case CLOSE_BRACKET:
				if (--depth <= 0) return at;
				break;
			case COMMA:
				if (depth === 1) commas?.push(at);
				break;
			default:
		}
	}
	return -1;
}

/** Offset of the quote that ends the string which starts at `start`; the text's length when none does. */
function stringEnd(text: string, start: number): number {
	let quote = start;
	do {
		quote = text.indexOf('"', quote + 1);
		if (quote === -1) return text.length;
	} while (isEscaped(text, quote));
	return quote;
}

function isEscaped(text: string, at: number): boolean {
	let backslashes = 0;
	while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
	return backslashes % 2 === 1;
}
