/** JSON text for people of what there may be thousands of entries, in pieces between which the event loop turns. */
import { breathe } from '../io/breathe.ts';

/** Half a millisecond. */
const ENTRIES_A_PIECE = 20;
const INDENT = '\t';
/** Stands for a long list; no value that is shown has a NUL. */
const ELSEWHERE = '\0elsewhere';

/** A value of an entry that is written item by item, since there may be thousands of them, too. */
export class LongList {
	readonly items: Iterable<unknown>;

	constructor(items: Iterable<unknown>) {
		this.items = items;
	}
}

/** A list. */
export function listPieces(items: Iterable<unknown>): AsyncGenerator<string> {
	return pieces('[]', items, (item) => textsOf(item, ''));
}

/** An object, given as its entries; `undefined` is a pause between two. A value may have a `LongList` among its own. */
export function objectPieces(entries: Iterable<readonly [string, unknown] | undefined>): AsyncGenerator<string> {
	return pieces('{}', entries, ([key, value]) => textsOf(value, `${JSON.stringify(key)}: `));
}

async function* pieces<T>(
	[open = '', close = '']: string,
	entries: Iterable<T | undefined>,
	say: (entry: T) => Generator<string>,
): AsyncGenerator<string> {
	let text = open;
	let count = 0;
	for (const entry of entries) {
		if (entry === undefined) {
			await breathe();
			continue;
		}
		text += `${count === 0 ? '' : ','}\n${INDENT}`;
		count++;
		let isFirst = true;
		for (const piece of say(entry)) {
			if (!isFirst) {
				yield text;
				text = '';
				await breathe();
			}
			isFirst = false;
			text += piece;
		}
		if (count % ENTRIES_A_PIECE !== 0) continue;
		yield text;
		text = '';
		await breathe();
	}
	yield `${text}${count === 0 ? '' : '\n'}${close}\n`;
}

/** In one piece where there is no long list. */
function* textsOf(value: unknown, before: string): Generator<string> {
	const lists = isRecord(value) ? Object.values(value).filter((child) => child instanceof LongList) : [];
	const around = JSON.stringify(
		value,
		(_key, child: unknown) => (child instanceof LongList ? ELSEWHERE : child),
		INDENT,
	)
		.replaceAll('\n', `\n${INDENT}`)
		.split(JSON.stringify(ELSEWHERE));
	let text = before;
	for (const [i, piece] of around.entries()) {
		const list = lists[i - 1];
		if (list !== undefined) {
			for (const some of itemTexts(list.items)) {
				yield text;
				text = some;
			}
		}
		text += piece;
	}
	yield text;
}

/** A list two levels down, some items a text. */
function* itemTexts(items: Iterable<unknown>): Generator<string> {
	const indent = INDENT.repeat(3);
	let text = '[';
	let count = 0;
	for (const item of items) {
		text += `${count === 0 ? '' : ','}\n${indent}${JSON.stringify(item, null, INDENT).replaceAll('\n', `\n${indent}`)}`;
		count++;
		if (count % ENTRIES_A_PIECE !== 0) continue;
		yield text;
		text = '';
	}
	yield `${text}${count === 0 ? '' : `\n${INDENT.repeat(2)}`}]`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
