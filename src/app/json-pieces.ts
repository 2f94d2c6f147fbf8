/** JSON text for people of what there may be thousands of entries, in pieces between which the event loop turns. */
import { breathe } from '../io/breathe.ts';

/** Half a millisecond. */
const ENTRIES_A_PIECE = 20;
const INDENT = '\t';

/** A list. */
export function listPieces(items: Iterable<unknown>): AsyncGenerator<string> {
	return pieces('[]', items, textOf);
}

/** An object, given as its entries. */
export function objectPieces(entries: Iterable<readonly [string, unknown]>): AsyncGenerator<string> {
	return pieces('{}', entries, ([key, value]) => `${JSON.stringify(key)}: ${textOf(value)}`);
}

async function* pieces<T>(
	[open = '', close = '']: string,
	items: Iterable<T>,
	say: (item: T) => string,
): AsyncGenerator<string> {
	let text = open;
	let count = 0;
	for (const item of items) {
		text += `${count === 0 ? '' : ','}\n${INDENT}${say(item)}`;
		count++;
		if (count % ENTRIES_A_PIECE !== 0) continue;
		yield text;
		text = '';
		await breathe();
	}
	yield `${text}${count === 0 ? '' : '\n'}${close}\n`;
}

function textOf(value: unknown): string {
	return JSON.stringify(value, null, INDENT).replaceAll('\n', `\n${INDENT}`);
}
