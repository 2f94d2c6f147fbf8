/**
 * The lines in which another process answers (`other-process.ts`): JSON, one after the other, and a last one without which
 * something is missing. Reading one takes a fraction of a millisecond, so that a long answer is taken while requests are
 * being served.
 */
const NEWLINE = '\n';
const END = '"end"';

export function lineOf(value: unknown): string {
	return JSON.stringify(value) + NEWLINE;
}

export const LAST_LINE = END + NEWLINE;

/** All lines but the last, as they come. `breathe` lets the event loop turn after each. Throws when the last one is missing. */
export async function* answerLines(
	output: AsyncIterable<string>,
	breathe: () => Promise<void>,
): AsyncGenerator<string> {
	let isWhole = false;
	let rest = '';
	for await (const piece of output) {
		const lines = (rest + piece).split(NEWLINE);
		rest = lines.pop() ?? '';
		for (const line of lines) {
			isWhole = line === END;
			if (!isWhole) yield line;
			await breathe();
		}
	}
	if (!isWhole) throw new Error('the end of the answer is missing');
}
