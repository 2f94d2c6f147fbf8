/** A draw by weight that can leave out two: the same shares among the others as before. */
import type { Random } from '../clock.ts';
import { type Weighted, WeightLine } from './weighted.ts';

/** No item, where the index of one is asked for. */
export const NONE = -1;

export class WeightedDraw {
	readonly weights: Float64Array;
	private readonly line: WeightLine;
	private readonly isEven: boolean;

	/** Items with weight only. */
	constructor(items: readonly Weighted[]) {
		this.weights = Float64Array.from(items, ({ weight }) => weight);
		this.line = new WeightLine(items);
		this.isEven = this.weights.every((weight) => weight === this.weights[0]);
	}

	/** Index by weight, as if two items were not there; `low` is before `high`, `NONE` leaves out none. */
	index(random: Random, low: number, high: number): number {
		const { weights, line } = this;
		const point = random.next();
		const index = this.isEven ? (point * weights.length) | 0 : line.indexAt(point * line.length);
		// Seldom among many, so that the way around the two is paid for only then. The shares stay the same.
		if (index === low || index === high) return this.indexAround(random.next(), low, high);
		return index;
	}

	private indexAround(point: number, low: number, high: number): number {
		const { line } = this;
		let place = point * (line.length - this.weightOf(low) - this.weightOf(high));
		if (low !== NONE && place >= line.startOf(low)) place += this.weightOf(low);
		if (high !== NONE && place >= line.startOf(high)) place += this.weightOf(high);
		let index = line.indexAt(place);
		// Weights that are no whole numbers may round into a stretch that is left out.
		while (index === low || index === high) index = index === 0 ? this.weights.length - 1 : index - 1;
		return index;
	}

	/** 0 for `NONE`. */
	weightOf(index: number): number {
		return index === NONE ? 0 : (this.weights[index] as number);
	}
}
