/**
 * A choice by weight: each item owns a stretch of a line, as long as its weight and in the order in which they came, and
 * a point on the line belongs to one of them.
 */

export interface Weighted {
	/** Share among all items; 0: never chosen. */
	readonly weight: number;
}

export class WeightedChoice<T extends Weighted> {
	private readonly items: readonly T[];
	private readonly line: WeightLine;

	constructor(items: readonly T[]) {
		this.items = items.filter(hasWeight);
		this.line = new WeightLine(this.items);
	}

	/** The item at a point of [0, 1); `null` when none has any weight. */
	at(point: number): T | null {
		if (this.items.length === 0) return null;
		return this.items[this.line.indexAt(point * this.line.length)] as T;
	}
}

export function hasWeight({ weight }: Weighted): boolean {
	return weight > 0;
}

/** Cells of the guide per item: most cells then lie in one stretch, which spares the processor wrong guesses. */
const CELLS_PER_ITEM = 4;

/**
 * The line itself. It is cut into cells of equal length, and `guide` has the stretch in which each cell begins: from there
 * the right one is less than a step away on average, however uneven the weights are.
 */
export class WeightLine {
	/** Sum of all weights. */
	readonly length: number;
	/** Where each stretch begins, and the end of the line. */
	private readonly edges: Float64Array;
	private readonly guide: Int32Array;
	private readonly cellsPerLength: number;

	/** Items with weight only. */
	constructor(items: readonly Weighted[]) {
		this.edges = new Float64Array(items.length + 1);
		let end = 0;
		for (const [i, { weight }] of items.entries()) {
			end += weight;
			this.edges[i + 1] = end;
		}
		this.length = end;
		this.guide = new Int32Array(items.length * CELLS_PER_ITEM);
		this.cellsPerLength = this.guide.length / end;
		for (let cell = 1; cell < this.guide.length; cell++) {
			this.guide[cell] = this.walk(this.guide[cell - 1] as number, cell / this.cellsPerLength);
		}
	}

	/** Index of the item at a place of [0, `length`); of the last one where rounding has led to the end of the line. */
	indexAt(place: number): number {
		const { edges, guide } = this;
		const cell = (place * this.cellsPerLength) | 0;
		let index = guide[Math.min(cell, guide.length - 1)] as number;
		// Rounding may have chosen the next cell.
		while (index > 0 && place < (edges[index] as number)) index--;
		return this.walk(index, place);
	}

	private walk(from: number, place: number): number {
		const { edges } = this;
		const last = edges.length - 2;
		let index = from;
		while (index < last && place >= (edges[index + 1] as number)) index++;
		return index;
	}
}
