/** Which plots a result gives, and what they show. */
import type { BenchResult, LatencyCase, ThroughputCase } from '../load/result.ts';
import type { Summary } from '../load/stats.ts';
import { type Bar, barChart, type Row } from './bar-chart.ts';
import { figure } from './tables.ts';

export interface Plot {
	readonly id: string;
	readonly title: string;
	readonly svg: string;
}

const PERCENTILES = ['p50', 'p99'] as const;

export function plotsOf(result: BenchResult): Plot[] {
	const plots = [
		...result.throughput.map((measured) => cpuPlot(result, measured)),
		...result.latency.flatMap((measured) => PERCENTILES.map((key) => latencyPlot(result, measured, key))),
		memoryPlot(result),
	];
	return plots.filter((plot) => plot !== null);
}

function cpuPlot(result: BenchResult, { id, title, rows }: ThroughputCase): Plot | null {
	const bars = rows.flatMap(({ peer, cpuMicros }) =>
		cpuMicros === undefined ? [] : [row(result, peer, [bar(cpuMicros)])],
	);
	const heading = `CPU per request: ${title}`;
	const subtitle = `user + system time of the proxy's processes; median of ${result.runs} runs, whiskers: lowest and highest`;
	const chart = { title: heading, subtitle, axis: 'µs of CPU per request (less is better)', series: ['CPU'] };
	return plot(`cpu-${id}`, chart, ascending(bars));
}

/** One each: a p99 is often twenty times the p50, which would not be seen beside it. */
function latencyPlot(
	result: BenchResult,
	{ id, rate, rows }: LatencyCase,
	key: (typeof PERCENTILES)[number],
): Plot | null {
	const bars = rows.flatMap(({ peer, added, saturated }) =>
		added === undefined || saturated ? [] : [row(result, peer, [bar(added[key])])],
	);
	const left = rows.filter(({ saturated }) => saturated).map(({ peer }) => peer);
	const heading = `Added ${key} latency at ${rate.toLocaleString('en')} requests/s, 16 connections, 1 KB`;
	const subtitle = `through the proxy minus direct, from the intended send time; median of ${result.latencyRounds} rounds`;
	const axis = `µs added (less is better)${left.length === 0 ? '' : `; cannot keep up: ${left.join(', ')}`}`;
	const chart = { title: heading, subtitle, axis, series: [key] };
	return plot(`${id}-${key}`, chart, ascending(bars));
}

function memoryPlot(result: BenchResult): Plot | null {
	const exact = (value: number | null): Bar => ({ value: value ?? 0, low: value ?? 0, high: value ?? 0 });
	const bars = result.memory.map(({ peer, idle, idleConnections, load }) =>
		row(result, peer, [exact(idle), exact(idleConnections), exact(load)]),
	);
	const subtitle = 'VmRSS of all the processes of the proxy; pages shared by a master and a worker count twice';
	const series = ['idle', '1,000 idle', 'under load'];
	return plot('memory', { title: 'Memory', subtitle, axis: 'MB (less is better)', series }, ascending(bars));
}

function plot(
	id: string,
	chart: { title: string; subtitle: string; axis: string; series: string[] },
	rows: Row[],
): Plot | null {
	if (rows.length === 0) return null;
	return { id, title: chart.title, svg: barChart({ ...chart, rows, format: figure }) };
}

function row(result: BenchResult, peer: string, bars: readonly Bar[]): Row {
	return { label: peer, ours: result.peers.some(({ name, ours }) => ours && name === peer), bars };
}

function bar({ median, min, max }: Summary): Bar {
	return { value: median, low: min, high: max };
}

function ascending(rows: Row[]): Row[] {
	return rows.toSorted((a, b) => (a.bars[0]?.value ?? 0) - (b.bars[0]?.value ?? 0));
}
