/**
 * Faults, floods and memory: what the sidecar does on its worst days, as figures beside their limits.
 *
 * Usage: node bench/faults/run.ts [--scenario NAME]… [--quick] [--minutes N] [--rate N] [--json FILE]
 *        [--main FILE]
 *
 * `--minutes` and `--rate` (requests a second) are those of `mesh`. Compiles the sources into a temporary folder first (`--main` names another build).
 * Ends with status 1 when a limit is not held. See README.md beside this file.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { type Figure, isMet, type Scenario } from './figure.ts';

const SCENARIOS: Readonly<Record<string, () => Promise<{ scenario: Scenario }>>> = {
	restart: () => import('./scenarios/restart.ts'),
	'idle-race': () => import('./scenarios/idle-race.ts'),
	'half-open': () => import('./scenarios/half-open.ts'),
	memory: () => import('./scenarios/memory.ts'),
	start: () => import('./scenarios/start.ts'),
	hold: () => import('./scenarios/hold.ts'),
	drain: () => import('./scenarios/drain.ts'),
	reload: () => import('./scenarios/reload.ts'),
	balance: () => import('./scenarios/balance.ts'),
	hedge: () => import('./scenarios/hedge.ts'),
	mesh: () => import('./scenarios/mesh.ts'),
	soak: () => import('./scenarios/soak.ts'),
	storm: () => import('./scenarios/storm.ts'),
	sides: () => import('./scenarios/sides.ts'),
	scale: () => import('./scenarios/scale.ts'),
};

interface Report {
	readonly scenario: string;
	readonly seconds: number;
	readonly figures: readonly Figure[];
	readonly error?: string;
}

const { values } = parseArgs({
	options: {
		scenario: { type: 'string', multiple: true },
		quick: { type: 'boolean', default: false },
		minutes: { type: 'string' },
		rate: { type: 'string' },
		json: { type: 'string' },
		main: { type: 'string' },
	},
});

function numberOf(name: 'minutes' | 'rate'): number | undefined {
	const text = values[name];
	if (text !== undefined && !(Number(text) > 0)) throw new Error(`--${name} ${text}: expected a number above 0`);
	return text === undefined ? undefined : Number(text);
}
const minutes = numberOf('minutes');
const rate = numberOf('rate');

async function runOne(name: string, main: string): Promise<Report> {
	const load = SCENARIOS[name];
	if (load === undefined) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`);
	const { scenario } = await load();
	const startedAt = performance.now();
	const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
	const say = (line: string) => console.error(`  ${name}: ${line}`);
	try {
		const figures = await scenario({ main, isQuick: values.quick, minutes, rate, say });
		return { scenario: name, seconds: seconds(), figures };
	} catch (error) {
		const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
		return { scenario: name, seconds: seconds(), figures: [], error: words };
	}
}

function print({ scenario, seconds, figures, error }: Report): void {
	console.log(`\n${scenario} (${seconds} s)${error === undefined ? '' : `: FAILED: ${error}`}`);
	for (const figure of figures) {
		const { name, value, unit, limit, note } = figure;
		const shown = `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`.trim();
		const bound = limit === undefined ? '' : 'atMost' in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
		const verdict = limit === undefined ? '    ' : isMet(figure) ? 'ok  ' : 'MISS';
		console.log(`  ${verdict} ${name.padEnd(64)} ${shown.padStart(14)} ${bound.padEnd(10)}${note ?? ''}`);
	}
}

const made = values.main === undefined ? build() : null;
const main = values.main ?? made?.main ?? '';
const reports: Report[] = [];
try {
	for (const name of values.scenario ?? Object.keys(SCENARIOS)) {
		const report = await runOne(name, main);
		print(report);
		reports.push(report);
	}
} finally {
	made?.remove();
}
if (values.json !== undefined) {
	const at = new Date().toISOString();
	const report = { at, node: process.version, isQuick: values.quick, reports };
	writeFileSync(values.json, `${JSON.stringify(report, null, '\t')}\n`);
}
const isGood = reports.every(({ error, figures }) => error === undefined && figures.every(isMet));
process.exit(isGood ? 0 : 1);
