/**
 * Metric families that are read when somebody scrapes: the state of services and endpoints, of which there may be thousands.
 *
 * prom-client would have each value set under a hash of its labels and rendered in one go. Here `read` says what there is as
 * of now, and the text is made in slices.
 */
import type Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import { familyHead, labelText, sampleLine } from './exposition-text.ts';

/** Label values in the order of the label names. */
export type ReadSample = readonly [labels: readonly string[], value: number];

export interface ReadFamilyOptions {
	readonly name: string;
	readonly help: string;
	readonly type: 'gauge' | 'counter';
	readonly labelNames: readonly string[];
	/** Each label set once; `undefined` is a pause, after which some may be as of another moment. */
	read(): Iterable<ReadSample | undefined>;
}

/** Samples rendered in one piece of text: a tenth of a millisecond. */
const SAMPLES_A_PIECE = 100;

export class ReadFamily {
	readonly name: string;
	readonly help: string;
	readonly type: 'gauge' | 'counter';
	readonly labelNames: readonly string[];
	private readonly read: () => Iterable<ReadSample | undefined>;

	constructor({ name, help, type, labelNames, read }: ReadFamilyOptions, registry: Registry) {
		this.name = name;
		this.help = help;
		this.type = type;
		this.labelNames = labelNames;
		this.read = read;
		// prom-client takes any object of this shape; its types know only its own classes.
		registry.registerMetric(this as unknown as Gauge);
	}

	/** What prom-client asks of a metric. */
	get(): Promise<object> {
		const { name, help, type, labelNames } = this;
		const samples = [...this.read()].filter((sample) => sample !== undefined);
		const values = samples.map(([labels, value]) => ({
			labels: Object.fromEntries(labelNames.map((label, i) => [label, labels[i] ?? ''])),
			value,
		}));
		return Promise.resolve({ name, help, type, aggregator: 'sum', values });
	}

	/** The family as exposition text, a bounded number of samples a piece; in a pause nothing. */
	*pieces(): Generator<string> {
		const { name, labelNames } = this;
		let piece = familyHead(name, this.help, this.type);
		let samples = 0;
		for (const sample of this.read()) {
			if (sample !== undefined) {
				const [labels, value] = sample;
				piece += sampleLine(name, labelText(labelNames, labels), value);
				if (++samples % SAMPLES_A_PIECE !== 0) continue;
			}
			yield piece;
			piece = '';
		}
		if (piece !== '') yield piece;
	}
}
