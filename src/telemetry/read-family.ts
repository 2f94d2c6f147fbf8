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
	/** Each label set once, all as of one moment. */
	read(): readonly ReadSample[];
}

/** Samples rendered in one piece of text: a tenth of a millisecond. */
const SAMPLES_A_PIECE = 100;

export class ReadFamily {
	readonly name: string;
	readonly help: string;
	readonly type: 'gauge' | 'counter';
	readonly labelNames: readonly string[];
	private readonly read: () => readonly ReadSample[];

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
		const values = this.read().map(([labels, value]) => ({
			labels: Object.fromEntries(labelNames.map((label, i) => [label, labels[i] ?? ''])),
			value,
		}));
		return Promise.resolve({ name, help, type, aggregator: 'sum', values });
	}

	/** The family as exposition text, a bounded number of samples a piece. */
	*pieces(): Generator<string> {
		const { name, labelNames } = this;
		let piece = familyHead(name, this.help, this.type);
		for (const [index, [labels, value]] of this.read().entries()) {
			piece += sampleLine(name, labelText(labelNames, labels), value);
			if (index % SAMPLES_A_PIECE !== SAMPLES_A_PIECE - 1) continue;
			yield piece;
			piece = '';
		}
		if (piece !== '') yield piece;
	}
}
