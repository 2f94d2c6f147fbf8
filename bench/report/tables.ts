/** The tables of a result, as Markdown that is aligned to be read in a terminal as well. */
import type { BenchResult, LatencyCase, ThroughputCase } from '../load/result.ts';
import { medianInterval, pairedRatios, type Summary } from '../load/stats.ts';

const FIVE_DIGITS = 10_000;

export function tablesOf(result: BenchResult): string {
	return [heading(result), ...figureTables(result)].join('\n\n');
}

/** What ran where. */
export function heading(result: BenchResult): string {
	const { machine } = result;
	const length = `${result.runs} runs of ${result.seconds} s; latency: ${result.latencyRounds} rounds of ${round(result.latencySeconds, 2)} s`;
	const lines = [
		`Outrigger ${result.project}, ${result.date.slice(0, 16).replace('T', ' ')} UTC${result.quick ? ', quick run' : ''}`,
		`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}; ${machine.layout.note}`,
		`origin: ${result.origin}; ${length}; generator: ${result.generator}, cores ${result.keptAwake ? '' : 'not '}kept awake`,
	];
	const peers = result.peers.map(({ name, version, setting }) => [name, version, setting]);
	for (const { name, howToGet } of result.skipped) peers.push([name, 'skipped', howToGet]);
	return `${lines.join('\n')}\n\n${table(['proxy', 'version', 'setting'], peers)}`;
}

export function figureTables(result: BenchResult): string[] {
	const tables = [...result.throughput.map(throughputTable), ...result.latency.map(latencyTable)];
	if (result.memory.length > 0) tables.push(memoryTable(result));
	if (result.start.length > 0) {
		const rows = result.start.map(({ peer, ms }) => [peer, spread(ms)]);
		tables.push(`### Start: exec to the first 2xx\n\n${table(['proxy', 'ms (min–max)'], rows)}`);
	}
	return tables.concat(comparisons(result));
}

function throughputTable({ id, title, rows }: ThroughputCase): string {
	const cells = rows.map((row) => {
		if (row.unsupported !== undefined) return [row.peer, '—', '—', '—', '—', `not measured: ${row.unsupported}`];
		const share = `${Math.round((row.proxyShare ?? 0) * 100)} %`;
		const rss = row.rssMb === undefined ? '—' : round(row.rssMb, 1);
		return [row.peer, spread(row.cpuMicros), spread(row.requestsPerSecond), share, rss, row.notes.join('; ')];
	});
	const head = ['proxy', 'CPU µs/request (min–max)', 'requests/s (min–max)', 'proxy busy', 'RSS MB', 'remarks'];
	return `### ${title} (\`${id}\`)\n\n${table(head, cells)}`;
}

function latencyTable({ id, rate, direct, rows }: LatencyCase): string {
	const cells = rows.map(({ peer, unsupported, added, cpuMicros, notes }) => {
		if (added === undefined) return [peer, '—', '—', '—', '—', `not measured: ${unsupported}`];
		return [peer, spread(added.p50), spread(added.p90), spread(added.p99), spread(cpuMicros), notes.join('; ')];
	});
	cells.unshift(['no proxy, in all', spread(direct.p50), spread(direct.p90), spread(direct.p99), '', '']);
	const head = ['proxy', 'added p50 µs', 'added p90 µs', 'added p99 µs', 'CPU µs/request', 'remarks'];
	return `### Added latency at ${rate.toLocaleString('en')} requests/s (\`${id}\`)\n\n${table(head, cells)}`;
}

function memoryTable({ memory }: BenchResult): string {
	const mb = (value: number | null) => (value === null ? '—' : round(value, 1));
	const rows = memory.map((row) => [row.peer, mb(row.idle), mb(row.idleConnections), mb(row.load)]);
	return `### Memory (\`memory\`)\n\n${table(['proxy', 'idle, MB', '1,000 idle connections, MB', 'under load, MB'], rows)}`;
}

/** Ours against each other, run by run, where there are enough runs for an interval. */
function comparisons({ throughput, peers }: BenchResult): string[] {
	const ours = peers.find((peer) => peer.ours)?.name;
	const lines: string[] = [];
	for (const { id, rows } of throughput) {
		const own = rows.find(({ peer }) => peer === ours)?.cpuMicros;
		if (own === undefined) continue;
		for (const { peer, cpuMicros } of rows) {
			if (peer === ours || cpuMicros === undefined) continue;
			const interval = medianInterval(pairedRatios(own.values, cpuMicros.values));
			if (interval === null) continue;
			const { low, high, confidence } = interval;
			const sure = `${round(confidence * 100, 1)} % interval`;
			lines.push(`- ${id}: CPU per request is ${round(low, 3)}–${round(high, 3)} times that of ${peer} (${sure})`);
		}
	}
	return lines.length === 0 ? [] : [`### Paired runs\n\n${lines.join('\n')}`];
}

export function spread(summary: Summary | undefined): string {
	if (summary === undefined) return '—';
	const { median, min, max } = summary;
	return `${figure(median)} (${figure(min)}–${figure(max)})`;
}

/** Three digits that matter. */
export function figure(value: number): string {
	if (!Number.isFinite(value)) return '—';
	if (Math.abs(value) >= FIVE_DIGITS) return (Math.round(value / 100) * 100).toLocaleString('en');
	if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
	return round(value, 1);
}

export function round(value: number, digits: number): string {
	return String(Number(value.toFixed(digits)));
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const line = (cells: readonly string[]) =>
		`| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
	return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
