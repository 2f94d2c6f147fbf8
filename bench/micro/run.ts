/**
 * Runs the micro-benchmarks of this folder: nanoseconds per call of the hot pure functions.
 *
 * A file exports `cases: {name, fn}[]` (or a function that returns them), or prints for itself when it is imported.
 * Each case is called in batches of about 20 ms; the median over the batches is reported with the fastest and slowest.
 * The compiler must not see through a call: the loop has already called many different functions, so that V8 inlines none of
 * them, and every result is stored where it can be read. An empty function is measured first: its time is what the call costs,
 * and a case that is no slower did nothing.
 *
 * Usage: node bench/micro/run.ts [WORD…]   only files or cases whose name holds one of the words
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { summarize } from '../load/stats.ts';

interface Case {
	readonly name: string;
	readonly fn: () => unknown;
}

interface Timing {
	readonly median: number;
	readonly min: number;
	readonly max: number;
}

const BATCH_MS = 20;
const BATCHES = 15;
const WARMUP_MS = 100;
const NS_PER_MS = 1e6;
const SINK_SLOTS = 64;
/** More targets than V8 keeps in a call site's feedback (4), so that it stops specialising. */
const POLLUTERS = 8;

const sink: unknown[] = new Array(SINK_SLOTS).fill(0);

function runBatch(fn: () => unknown, calls: number): number {
	const startedAt = performance.now();
	for (let i = 0; i < calls; i++) sink[i & (SINK_SLOTS - 1)] = fn();
	return (performance.now() - startedAt) * NS_PER_MS;
}

function pollute(): void {
	const makers: (() => unknown)[] = Array.from(
		{ length: POLLUTERS },
		(_, i) => new Function(`return ${i}`) as () => unknown,
	);
	for (let round = 0; round < 1000; round++) for (const fn of makers) runBatch(fn, 100);
}

function time(fn: () => unknown): Timing {
	let calls = 1;
	let spentNs = runBatch(fn, calls);
	for (const warmUntil = performance.now() + WARMUP_MS; performance.now() < warmUntil; ) {
		spentNs = runBatch(fn, calls);
		if (spentNs < BATCH_MS * NS_PER_MS) calls *= 2;
	}
	calls = Math.max(1, Math.round((calls * BATCH_MS * NS_PER_MS) / Math.max(spentNs, 1)));
	return summarize(Array.from({ length: BATCHES }, () => runBatch(fn, calls) / calls));
}

function report(name: string, { median, min, max }: Timing, floor: number): void {
	const ns = (value: number) => (value < 100 ? value.toFixed(1) : String(Math.round(value))).padStart(9);
	const doubt = median <= floor * 1.05 ? '  (no slower than an empty function: was it optimised away?)' : '';
	console.log(`${name.padEnd(52)}${ns(median)} ns  (${ns(min).trim()}–${ns(max).trim()})${doubt}`);
}

/** What a module offers as cases; an empty list when it has none (it printed for itself). */
function casesOf(module: unknown): Case[] {
	if (typeof module !== 'object' || module === null || !('cases' in module)) return [];
	const offered: unknown = typeof module.cases === 'function' ? module.cases() : module.cases;
	return Array.isArray(offered) ? offered.filter(isCase) : [];
}

function isCase(value: unknown): value is Case {
	if (typeof value !== 'object' || value === null || !('name' in value) || !('fn' in value)) return false;
	return typeof value.name === 'string' && typeof value.fn === 'function';
}

const words = process.argv.slice(2);
const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));

pollute();
const floor = time(() => undefined);
report('an empty function', floor, 0);
for (const file of readdirSync(import.meta.dirname).sort()) {
	if (!file.endsWith('.ts') || file === basename(import.meta.filename)) continue;
	try {
		const module: unknown = await import(pathToFileURL(join(import.meta.dirname, file)).href);
		for (const { name, fn } of casesOf(module)) {
			const label = `${basename(file, '.ts')}: ${name}`;
			if (wanted(label)) report(label, time(fn), floor.median);
		}
	} catch (error) {
		console.error(`${file}: ${error instanceof Error ? error.message : error}`);
		process.exitCode = 1;
	}
}
