/** A header list as a codec leaves it, from lines of `name: value`. */
import { fieldIdOf } from '../../src/http/field-id.ts';
import { HeaderList, SPAN } from '../../src/http/header-list.ts';

export type Field = readonly [name: string, value: string];

/** Fields in the raw text, as HTTP/1 has them; whitespace around values is outside the spans. */
export function parsedHeaders(fields: readonly Field[]): HeaderList {
	const list = new HeaderList();
	list.text = 'GET / HTTP/1.1\r\n';
	list.textStart = list.text.length;
	for (const [name, value] of fields) {
		const start = list.text.length;
		const prefix = `${name}:`;
		const leading = value.length - value.trimStart().length;
		list.text += `${prefix}${value}\r\n`;
		const valueStart = start + prefix.length + leading;
		if ((list.parsed + 1) * SPAN > list.spans.length) list.growSpans();
		list.spans.set(
			[start, start + name.length, valueStart, valueStart + value.trim().length, fieldIdOf(name.toLowerCase())],
			list.parsed * SPAN,
		);
		list.parsed++;
	}
	list.textEnd = list.text.length;
	return list;
}

/** Fields in `added` alone, as HTTP/2 has them. */
export function addedHeaders(fields: readonly Field[]): HeaderList {
	const list = new HeaderList();
	for (const [name, value] of fields) list.append(name.toLowerCase(), value.trim());
	return list;
}

/** Both shapes, for rules that must hold for either. */
export const SHAPES = [
	['parsed', parsedHeaders],
	['added', addedHeaders],
] as const;
