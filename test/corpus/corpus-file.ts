/** Reads the cases of a corpus file. The format is described in `README.md` beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CorpusCase {
	/** `file.md: heading`. */
	name: string;
	/** The heading alone: the rule. */
	title: string;
	prose: string;
	bytes: Buffer;
	/** Methods that the bytes answer; `null` when they are requests. */
	answers: string[] | null;
	/** The connection ends after the bytes. */
	closes: boolean;
	expected: string[];
}

const CASE = /^## (.+)\n([^\n]+)\n```http([^\n]*)\n([\s\S]*?)\n```\n```expect\n([\s\S]*?)```/;

/** The cases of every file of the corpus, file by file. */
export function readCorpus(): { file: string; heading: string; cases: CorpusCase[] }[] {
	const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md') && name !== 'README.md');
	return files.map((file) => {
		const text = readFileSync(join(import.meta.dirname, file), 'utf8');
		return { file, heading: /^# (.*)$/m.exec(text)?.[1] ?? file, cases: parseCorpus(file, text) };
	});
}

export function parseCorpus(file: string, text: string): CorpusCase[] {
	return text
		.split(/^(?=## )/m)
		.filter((part) => part.startsWith('## '))
		.map((part) => {
			const found = CASE.exec(part);
			if (found === null) throw new Error(`${file}: malformed case: ${part.slice(0, 80)}`);
			const [, title = '', prose = '', info = '', wire = '', expected = ''] = found;
			const words = info.trim().split(' ').slice(1);
			return {
				name: `${file}: ${title}`,
				title,
				prose,
				bytes: Buffer.from(unescapeWire(wire), 'latin1'),
				answers: info.trim().startsWith('response') ? words.filter((word) => word !== 'close') : null,
				closes: words.includes('close'),
				expected: expandExpected(expected),
			};
		});
}

const ESCAPES: Record<string, string> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };

function repeatParts(text: string, of: (part: string) => string): string {
	return text.replace(/\\\{(.*?)\*(\d+)\}/gs, (_, part: string, times: string) => of(part).repeat(Number(times)));
}

function unescapeWire(wire: string): string {
	const lines = wire.split('\n').join('');
	return repeatParts(lines, (part) => part).replace(/\\(?:x([0-9a-f]{2})|(.))/g, (all, hex?: string, letter?: string) => {
		if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
		const byte = ESCAPES[letter ?? ''];
		if (byte === undefined) throw new Error(`unknown escape ${all}`);
		return byte;
	});
}

/** Expectations hold JSON strings, so only what JSON has not is expanded: `\xHH` and repetition. */
function expandExpected(expected: string): string[] {
	return repeatParts(expected, (part) => part.replaceAll('\\n', '\n'))
		.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
		.split('\n')
		.map((line) => line.trimEnd())
		.filter((line) => line !== '');
}
