import { describe, expect, it } from 'vitest';
import { layoutFor, parseCoreList } from '../../bench/load/machine.ts';
import { parseOptions } from '../../bench/load/options.ts';
import { extraPeer, splitWords } from '../../bench/load/own-peers.ts';
import { makePlan } from '../../bench/load/plan.ts';
import { barChart, niceTicks, type Row } from '../../bench/report/bar-chart.ts';
import { replaceBetween } from '../../bench/report/readme.ts';
import { figure, table } from '../../bench/report/tables.ts';

const row = (label: string, value: number, ours = false): Row => ({
	label,
	ours,
	bars: [{ value, low: value * 0.9, high: value * 1.1 }],
});
const chartOf = (rows: Row[]) =>
	barChart({ title: 'T', subtitle: 'S', axis: 'µs', series: ['CPU'], rows, format: figure });
/** Widths of the bars, in the order of the rows (the first rectangle is the background). */
const barWidths = (svg: string) =>
	[...svg.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g)].map((m) => Number(m[1]));

describe('bar chart', () => {
	it('draws bars whose lengths are in the ratio of their values', () => {
		const [first = 0, second = 0] = barWidths(chartOf([row('a', 10), row('b', 40)]));
		expect(second / first).toBeCloseTo(4, 1);
	});

	it('draws our own bar in another colour than the others', () => {
		const colours = (ours: boolean) => chartOf([row('a', 10, ours)]).match(/fill="#[0-9a-f]{6}"\/>/g);
		expect(colours(true)).not.toEqual(colours(false));
	});

	it('escapes what stands in labels', () => {
		expect(chartOf([row('a<b&"c"', 1)])).toContain('a&lt;b&amp;&quot;c&quot;');
	});

	it('does not let the whisker of one wild run squeeze the bars', () => {
		const wild: Row = { label: 'a', ours: false, bars: [{ value: 10, low: 9, high: 10_000 }] };
		expect(barWidths(chartOf([wild]))[0]).toBeGreaterThan(300);
	});

	it.each([
		[23, [0, 5, 10, 15, 20, 25]],
		[100, [0, 20, 40, 60, 80, 100]],
		[0, [0, 1]],
	])('has round ticks up to %d', (max, ticks) => {
		expect(niceTicks(max)).toEqual(ticks);
	});
});

describe('tables', () => {
	it.each([
		[9.876, '9.9'],
		[99.94, '99.9'],
		[1234.4, '1,234'],
		[48_449, '48,400'],
		[1_234_567, '1,234,600'],
		[Number.NaN, '—'],
	])('shows %d as %s', (value, text) => {
		expect(figure(value)).toBe(text);
	});

	it('aligns the columns', () => {
		expect(table(['a', 'bb'], [['long', 'x']])).toBe('| a    | bb |\n| ---- | -- |\n| long | x  |');
	});

	it('replaces only what stands between the markers of the README', () => {
		const begin = '<!-- bench:begin (written by `npm run bench -- --write-readme`) -->';
		const once = replaceBetween(`before\n${begin}\nold\n<!-- bench:end -->\nafter\n`, 'new');
		expect(once).toBe(`before\n${begin}\n\nnew\n\n<!-- bench:end -->\nafter\n`);
		expect(replaceBetween(once, 'new')).toBe(once);
		expect(() => replaceBetween('no markers', 'new')).toThrow('markers');
	});
});

describe('cores', () => {
	it('reads the list format of the kernel', () => {
		expect(parseCoreList('0-2,5,7-8')).toEqual([0, 1, 2, 5, 7, 8]);
	});

	it('gives the proxy a core of its own wherever there are two', () => {
		expect(layoutFor([0], true)).toMatchObject({
			proxy: 0,
			load: 0,
			origin: 0,
			note: expect.stringContaining('one core'),
		});
		expect(layoutFor([0, 1], true)).toMatchObject({ proxy: 1, load: 0, origin: 0 });
		expect(layoutFor([2, 3, 6, 7], true)).toMatchObject({ proxy: 3, load: 2, origin: 6 });
		expect(layoutFor([0, 1], false)).toMatchObject({ proxy: null, load: null, origin: null });
	});
});

describe('options', () => {
	it('takes lists and refuses a case that does not exist', () => {
		expect(parseOptions(['--only', 'nginx, envoy', '--case', 'get-100'])).toMatchObject({
			only: ['nginx', 'envoy'],
			cases: ['get-100'],
		});
		expect(() => parseOptions(['--case', 'get-1'])).toThrow('unknown case get-1');
		expect(() => parseOptions(['--runs', '0'])).toThrow('--runs');
	});

	it('keeps a quick run short whatever the number of peers', () => {
		const wishes = { quick: true, cases: null, runs: null, seconds: null, keepAwake: true };
		for (const peers of [1, 8, 12]) {
			const plan = makePlan(wishes, peers);
			const throughput = plan.throughput.length * peers * (plan.warmupSeconds + plan.runs * plan.seconds);
			const each = plan.latencySeconds + plan.latencyWarmupSeconds + 0.1;
			const latency = plan.latency.length * plan.latencyRounds * (peers + 1) * each;
			expect(throughput + latency, `${peers} peers`).toBeLessThan(110);
		}
	});

	it('fills the ports into the command of another peer', () => {
		expect(splitWords(`node "a b.js" 'c d' e`)).toEqual(['node', 'a b.js', 'c d', 'e']);
		const peer = extraPeer('mine=node x.mjs {port} {origin}', undefined);
		const launch = peer.launch({ port: 1, originPort: 2, adminPort: 3, folder: '/tmp' });
		expect([peer.name, launch.command, ...launch.args]).toEqual(['mine', 'node', 'x.mjs', '1', '2']);
		expect(() => extraPeer('mine', undefined)).toThrow('--peer wants');
	});
});
