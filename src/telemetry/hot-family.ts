/**
 * Metric families of the data path.
 *
 * Theory of operation. prom-client finds a series by hashing its labels: 250 to 450 ns an observation. Here a label set
 * is interned once to a slot, and an observation is one addition in a Float64Array (a histogram keeps, for each slot, a
 * count per bucket, not cumulated, and the sum). A family is registered with a prom-client registry like any other and
 * hands its values over in `get()`; `pieces()` renders the same as text in slices, so that a scrape of thousands of
 * series never holds the event loop for long.
 *
 * Slot 0 is the overflow: when `maxSeries` label sets exist, every further one shares it, with all labels `__other__`,
 * and `dropped` counts what went there.
 */
import type { MetricValueWithName } from 'prom-client';
import type Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import { familyHead, labelText } from './exposition-text.ts';

export type LabelSet = Readonly<Record<string, string>>;

/** Label value of the overflow series. */
export const OTHER_LABEL = '__other__';
export const OVERFLOW_SLOT = 0;
/** Room for this many series at first; blocks double from there. */
const INITIAL_SLOTS = 8;
/** Series rendered in one piece of text: about 100 µs of work with 17 buckets each, some 100 KB of text. */
const SERIES_PER_PIECE = 32;

interface FamilyOptions {
	readonly name: string;
	readonly help: string;
	readonly labelNames: readonly string[];
	readonly maxSeries: number;
}

export abstract class HotFamily {
	readonly name: string;
	readonly help: string;
	readonly labelNames: readonly string[];
	abstract readonly type: 'counter' | 'histogram';
	readonly aggregator = 'sum';
	maxSeries: number;
	/** Observations that went to the overflow series. */
	dropped = 0;
	protected values: Float64Array;
	protected readonly stride: number;
	/** Labels by slot, as objects for the registry and as text for the exposition. */
	protected readonly labels: LabelSet[] = [];
	protected readonly labelTexts: string[] = [];

	constructor(options: FamilyOptions, stride: number) {
		this.name = options.name;
		this.help = options.help;
		this.labelNames = options.labelNames;
		this.maxSeries = options.maxSeries;
		this.stride = stride;
		this.values = new Float64Array(INITIAL_SLOTS * stride);
		this.append(Object.fromEntries(options.labelNames.map((name) => [name, OTHER_LABEL])));
	}

	/** Further label sets share the overflow. */
	get isFull(): boolean {
		return this.labels.length - 1 >= this.maxSeries;
	}

	/** A slot of its own for a label set that has none yet, or the overflow. The caller remembers it. */
	intern(labels: LabelSet): number {
		if (this.isFull) return OVERFLOW_SLOT;
		return this.append(labels);
	}

	private append(labels: LabelSet): number {
		const slot = this.labels.length;
		if ((slot + 1) * this.stride > this.values.length) {
			const bigger = new Float64Array(this.values.length * 2);
			bigger.set(this.values);
			this.values = bigger;
		}
		this.labels.push(labels);
		const { labelNames } = this;
		this.labelTexts.push(
			labelText(
				labelNames,
				labelNames.map((name) => labels[name] ?? ''),
			),
		);
		return slot;
	}

	/** prom-client takes any object of this shape; its types know only its own classes. */
	register(registry: Registry): void {
		registry.registerMetric(this as unknown as Gauge);
	}

	/** prom-client's `resetMetrics` reaches every metric of its registry. */
	reset(): void {
		this.values.fill(0);
		this.dropped = 0;
	}

	/** What prom-client asks of a metric. */
	get(): Promise<object> {
		const values: MetricValueWithName<string>[] = [];
		for (let slot = this.firstSlot(); slot < this.labels.length; slot++) this.collectSlot(slot, values);
		const { name, help, aggregator, type } = this;
		return Promise.resolve({ name, help, aggregator, type, values });
	}

	/** The family as exposition text, a bounded number of series a piece. */
	*pieces(): Generator<string> {
		yield familyHead(this.name, this.help, this.type);
		let piece = '';
		let inPiece = 0;
		for (let slot = this.firstSlot(); slot < this.labels.length; slot++) {
			piece += this.renderSlot(slot);
			if (++inPiece < SERIES_PER_PIECE) continue;
			yield piece;
			piece = '';
			inPiece = 0;
		}
		if (piece !== '') yield piece;
	}

	/** The overflow series is shown only once something went there. */
	private firstSlot(): number {
		return this.dropped > 0 ? OVERFLOW_SLOT : OVERFLOW_SLOT + 1;
	}

	protected abstract collectSlot(slot: number, into: MetricValueWithName<string>[]): void;
	protected abstract renderSlot(slot: number): string;
}

export class HotCounter extends HotFamily {
	readonly type = 'counter';

	constructor(options: FamilyOptions) {
		super(options, 1);
	}

	add(slot: number, amount: number): void {
		if (slot === OVERFLOW_SLOT) this.dropped++;
		this.values[slot] = (this.values[slot] ?? 0) + amount;
	}

	protected override collectSlot(slot: number, into: MetricValueWithName<string>[]): void {
		into.push({ metricName: this.name, labels: this.labels[slot] ?? {}, value: this.values[slot] ?? 0 });
	}

	protected override renderSlot(slot: number): string {
		return `${this.name}{${this.labelTexts[slot]}} ${this.values[slot]}\n`;
	}
}

export class HotHistogram extends HotFamily {
	readonly type = 'histogram';
	private readonly bounds: Float64Array;
	/** `0.005`, …, `+Inf`. */
	private readonly boundTexts: readonly string[];

	constructor(options: FamilyOptions & { readonly bounds: readonly number[] }) {
		super(options, options.bounds.length + 2);
		this.bounds = Float64Array.from(options.bounds);
		this.boundTexts = [...options.bounds.map(String), '+Inf'];
	}

	observe(slot: number, value: number): void {
		if (slot === OVERFLOW_SLOT) this.dropped++;
		const { bounds, values } = this;
		const count = bounds.length;
		const base = slot * this.stride;
		let bucket = 0;
		while (bucket < count && value > (bounds[bucket] ?? 0)) bucket++;
		values[base + bucket] = (values[base + bucket] ?? 0) + 1;
		values[base + count + 1] = (values[base + count + 1] ?? 0) + value;
	}

	protected override collectSlot(slot: number, into: MetricValueWithName<string>[]): void {
		const labels = this.labels[slot] ?? {};
		let cumulated = 0;
		for (const [bucket, le] of this.boundTexts.entries()) {
			cumulated += this.values[slot * this.stride + bucket] ?? 0;
			into.push({ metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: cumulated });
		}
		into.push({ metricName: `${this.name}_sum`, labels, value: this.sumOf(slot) });
		into.push({ metricName: `${this.name}_count`, labels, value: cumulated });
	}

	protected override renderSlot(slot: number): string {
		const labels = this.labelTexts[slot] ?? '';
		const prefix = labels === '' ? `${this.name}_bucket{le="` : `${this.name}_bucket{${labels},le="`;
		const suffix = labels === '' ? '' : `{${labels}}`;
		let text = '';
		let cumulated = 0;
		for (let bucket = 0; bucket < this.boundTexts.length; bucket++) {
			cumulated += this.values[slot * this.stride + bucket] ?? 0;
			text += `${prefix}${this.boundTexts[bucket]}"} ${cumulated}\n`;
		}
		return `${text}${this.name}_sum${suffix} ${this.sumOf(slot)}\n${this.name}_count${suffix} ${cumulated}\n`;
	}

	private sumOf(slot: number): number {
		return this.values[slot * this.stride + this.stride - 1] ?? 0;
	}
}
