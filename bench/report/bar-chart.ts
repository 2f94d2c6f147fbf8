/**
 * Horizontal bars as SVG, written by hand. A row has a label and one bar or more (a series each); a bar has its value at
 * its end and a whisker from the lowest to the highest run. Light background always, so that it reads in a dark README.
 */

export interface Bar {
	readonly value: number;
	readonly low: number;
	readonly high: number;
}

export interface Row {
	readonly label: string;
	/** Drawn in the strong colour. */
	readonly ours: boolean;
	/** One per series, in their order. */
	readonly bars: readonly Bar[];
}

export interface Chart {
	readonly title: string;
	readonly subtitle: string;
	/** Under the axis, with its unit. */
	readonly axis: string;
	/** Names of the series; one only: no legend. */
	readonly series: readonly string[];
	readonly rows: readonly Row[];
	format(value: number): string;
}

const WIDTH = 820;
const LEFT = 150;
/** Room for the value behind the longest bar. */
const RIGHT = 84;
const TOP = 74;
const LEGEND_HEIGHT = 24;
const BAR_HEIGHT = 18;
const BAR_GAP = 3;
const ROW_GAP = 13;
const BOTTOM = 56;
const TICKS = 5;
/** Whiskers lengthen the axis up to this multiple of their bar. */
const WHISKER_REACH = 1.5;
/** Of a legend's letter, about. */
const LETTER_WIDTH = 7.5;
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';
const INK = '#1f2933';
const FAINT = '#52606d';
const GRID = '#dfe3e8';
const OURS = ['#0b6e99', '#5aa9c9', '#a9d3e5'];
const OTHERS = ['#7b8794', '#aab4be', '#d0d6dc'];

export function barChart(chart: Chart): string {
	const legend = chart.series.length > 1 ? LEGEND_HEIGHT : 0;
	const rowHeight = Math.max(1, chart.series.length) * (BAR_HEIGHT + BAR_GAP) + ROW_GAP;
	const plotTop = TOP + legend;
	const plotBottom = plotTop + chart.rows.length * rowHeight;
	const ticks = niceTicks(Math.max(0, ...chart.rows.flatMap(({ bars }) => bars.map(reach))));
	const last = ticks.at(-1) ?? 1;
	const scale = (value: number) => LEFT + (Math.min(Math.max(0, value), last) / last) * (WIDTH - LEFT - RIGHT);
	const height = plotBottom + BOTTOM;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ${FONT}>`,
		`<title>${xmlEscape(chart.title)}</title>`,
		`<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
		text(20, 30, chart.title, { size: 18, weight: 600 }),
		text(20, 51, chart.subtitle, { size: 12.5, fill: FAINT }),
		legend === 0 ? '' : legendOf(chart.series),
		gridOf(ticks, scale, plotTop, plotBottom, chart.format),
		...chart.rows.map((row, i) => rowOf(row, plotTop + i * rowHeight + ROW_GAP / 2, scale, chart.format)),
		text((LEFT + WIDTH - RIGHT) / 2, plotBottom + 42, chart.axis, { size: 12.5, fill: FAINT, anchor: 'middle' }),
		'</svg>',
		'',
	].join('\n');
}

/** One wild run must not squeeze all bars: its whisker ends in an arrow where the axis ends. */
function reach({ value, high }: Bar): number {
	return Math.min(high, Math.max(0, value) * WHISKER_REACH);
}

function rowOf(row: Row, top: number, scale: (value: number) => number, format: Chart['format']): string {
	const colours = row.ours ? OURS : OTHERS;
	const step = BAR_HEIGHT + BAR_GAP;
	const middle = top + (row.bars.length * step - BAR_GAP) / 2;
	const label = text(LEFT - 12, middle + 5, row.label, { size: 14, weight: row.ours ? 700 : 400, anchor: 'end' });
	const bars = row.bars.map((bar, i) =>
		barOf(bar, top + i * step, colours[i % colours.length] ?? INK, scale, format(bar.value)),
	);
	return [label, ...bars].join('\n');
}

function barOf(bar: Bar, top: number, fill: string, scale: (value: number) => number, value: string): string {
	const [left, end, low, high] = [scale(0), scale(bar.value), scale(bar.low), scale(bar.high)];
	const middle = top + BAR_HEIGHT / 2;
	const arrow = `M${n(high - 5)} ${n(middle - 4)}l5 4l-5 4`;
	const head = high < WIDTH - RIGHT ? `M${n(high)} ${n(middle - 4)}v8` : arrow;
	const whisker = `M${n(low)} ${n(middle)}H${n(high)}M${n(low)} ${n(middle - 4)}v8${head}`;
	return [
		`<rect x="${n(left)}" y="${n(top)}" width="${n(Math.max(1, end - left))}" height="${BAR_HEIGHT}" rx="2" fill="${fill}"/>`,
		bar.low === bar.high ? '' : `<path d="${whisker}" stroke="${INK}" stroke-width="1.2" fill="none" opacity="0.75"/>`,
		text(Math.max(end, high) + 8, middle + 4.5, value, { size: 13 }),
	].join('\n');
}

function legendOf(series: readonly string[]): string {
	let x = LEFT;
	const entries = series.map((name, i) => {
		const at = x;
		x += 50 + name.length * LETTER_WIDTH;
		const ours = `<rect x="${at}" y="62" width="12" height="12" fill="${OURS[i % OURS.length]}"/>`;
		const others = `<rect x="${at + 12}" y="62" width="12" height="12" fill="${OTHERS[i % OTHERS.length]}"/>`;
		return `${ours}${others}${text(at + 30, 72.5, name, { size: 12.5, fill: FAINT })}`;
	});
	return entries.join('\n');
}

function gridOf(
	ticks: readonly number[],
	scale: (value: number) => number,
	top: number,
	bottom: number,
	format: Chart['format'],
): string {
	return ticks
		.map((tick) => {
			const x = n(scale(tick));
			const label = text(scale(tick), bottom + 20, format(tick), { size: 12, fill: FAINT, anchor: 'middle' });
			return `<path d="M${x} ${n(top)}V${n(bottom + 4)}" stroke="${tick === 0 ? FAINT : GRID}" stroke-width="1"/>${label}`;
		})
		.join('\n');
}

/** From 0 in steps of 1, 2, 2.5 or 5 times a power of ten, the last at or above `max`. */
export function niceTicks(max: number): number[] {
	if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
	const raw = max / TICKS;
	const magnitude = 10 ** Math.floor(Math.log10(raw));
	const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= raw) ?? 10) * magnitude;
	return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, i) => i * step);
}

interface TextStyle {
	readonly size: number;
	readonly weight?: number;
	readonly fill?: string;
	readonly anchor?: 'middle' | 'end';
}

function text(x: number, y: number, content: string, { size, weight, fill = INK, anchor }: TextStyle): string {
	const style = `font-size="${size}" fill="${fill}"${weight === undefined ? '' : ` font-weight="${weight}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`;
	return `<text x="${n(x)}" y="${n(y)}" ${style}>${xmlEscape(content)}</text>`;
}

function n(value: number): string {
	return String(Number(value.toFixed(1)));
}

export function xmlEscape(content: string): string {
	return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
