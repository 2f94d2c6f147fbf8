/** Puts the tables of a result between two markers of bench/README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { BenchResult } from '../load/result.ts';
import { plotsOf } from './plots.ts';
import { figureTables, heading } from './tables.ts';

const BEGIN = '<!-- bench:begin (written by `npm run bench -- --write-readme`) -->';
/** The other plots lie beside these in results/. */
const SHOWN = /^(cpu-get-100|latency-.*|memory)$/;
const END = '<!-- bench:end -->';

export function writeReadme(file: string, result: BenchResult): void {
	const name = result.date.slice(0, 10);
	const shown = plotsOf(result).filter(({ id }) => SHOWN.test(id));
	const plots = shown.map(({ id, title }) => `![${title}](results/${name}-${id}.svg)`);
	const text = [heading(result), ...plots, ...figureTables(result)].join('\n\n');
	writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), text));
}

/** The markers stay. */
export function replaceBetween(readme: string, text: string): string {
	const begin = readme.indexOf(BEGIN);
	const end = readme.indexOf(END);
	if (begin < 0 || end < begin) throw new Error(`the README lacks the markers ${BEGIN} and ${END}`);
	return `${readme.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${readme.slice(end)}`;
}
