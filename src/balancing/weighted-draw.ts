/**
 * A draw by weight that can leave out two: the same shares among the others as before.
 *
 * Theory of operation. One point is cut into two draws: of a cell, all of which are equally likely, and of one of the two
 * items that share it (Walker's alias method, Vose's way of making the table). So a draw costs two reads, however many items
 * there are and however uneven their weights, and takes no branch that the processor could guess wrong. Where all weights
 * are the same, the cell is the item.
 */
import type { Random } from '../clock.ts';
import type { Weighted } from './weighted.ts';

/** No item, where the index of one is asked for. */
export const NONE = -1;

export class WeightedDraw {
	readonly weights: Float64Array;
	/** All weights are the same: there are no cells, and no edges. */
	readonly isEven: boolean;
	/** Where in each cell its other item begins, on a line on which cell `i` is from `i` to `i + 1`. */
	private readonly cuts: Float64Array;
	/** How far the other item of each cell is from its own, which has the cell's number. */
	private readonly others: Int32Array;
	/** Where the stretch of each item begins on a line as long as all weights, and its end. */
	private readonly edges: Float64Array;

	/** Items with weight only. */
	constructor(items: readonly Weighted[]) {
		const weights = Float64Array.from(items, ({ weight }) => weight);
		this.weights = weights;
		this.isEven = weights.every((weight) => weight === weights[0]);
		const size = this.isEven ? 0 : weights.length;
		this.cuts = new Float64Array(size);
		this.others = new Int32Array(size);
		this.edges = new Float64Array(size + 1);
		if (!this.isEven) this.fill();
	}

	/** Index by weight at a point of [0, 1). */
	at(point: number): number {
		const place = point * this.weights.length;
		const cell = place | 0;
		if (this.isEven) return cell;
		// From 0 up to 1 before the cut, from 1 on behind it: a branch would be guessed wrong every other time.
		const side = (place - (this.cuts[cell] as number) + 1) | 0;
		return cell + ((this.others[cell] as number) & -side);
	}

	/** Index by weight, as if two items were not there; `low` is before `high`, `NONE` leaves out none. */
	besides(low: number, high: number, random: Random): number {
		const index = this.at(random.next());
		// Seldom among many, so that the way around the two is paid for only then. The shares stay the same.
		return index === low || index === high ? this.around(random.next(), low, high) : index;
	}

	/** 0 for `NONE`. */
	private weightOf(index: number): number {
		return index === NONE ? 0 : (this.weights[index] as number);
	}

	private around(point: number, low: number, high: number): number {
		if (this.isEven) {
			const left = this.weights.length - (low === NONE ? 0 : 1) - (high === NONE || high === low ? 0 : 1);
			return skip(skip((point * left) | 0, low), high);
		}
		const { edges } = this;
		const total = edges[edges.length - 1] as number;
		let place = point * (total - this.weightOf(low) - this.weightOf(high));
		if (low !== NONE && place >= (edges[low] as number)) place += this.weightOf(low);
		if (high !== NONE && place >= (edges[high] as number)) place += this.weightOf(high);
		let index = this.itemAt(place);
		// Weights that are no whole numbers may round into a stretch that is left out.
		while (index === low || index === high) index = index === 0 ? this.weights.length - 1 : index - 1;
		return index;
	}

	/** Whose stretch of the line it is. */
	private itemAt(place: number): number {
		const { edges } = this;
		let low = 0;
		let high = this.weights.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >>> 1;
			if ((edges[middle] as number) <= place) low = middle;
			else high = middle - 1;
		}
		return low;
	}

	/**
	 * Each cell holds one n-th of all weights: what is left of an item that has less than that, and for the rest of it a piece
	 * of one that has more (M. Vose, A Linear Algorithm for Generating Random Numbers with a Given Distribution, 1991).
	 */
	private fill(): void {
		const { weights, cuts, others, edges } = this;
		const size = weights.length;
		for (let i = 0; i < size; i++) edges[i + 1] = (edges[i] as number) + (weights[i] as number);
		const perWeight = size / (edges[size] as number);
		const left = weights.map((weight) => weight * perWeight);
		// Those with less from the beginning on, those with more from the end down.
		const order = new Uint32Array(size);
		let less = 0;
		let more = size;
		for (let i = 0; i < size; i++) order[(left[i] as number) < 1 ? less++ : --more] = i;
		while (less > 0 && more < size) {
			const small = order[--less] as number;
			const large = order[more] as number;
			const its = left[small] as number;
			cuts[small] = small + its;
			others[small] = large - small;
			left[large] = (left[large] as number) - (1 - its);
			if ((left[large] as number) < 1) {
				more++;
				order[less++] = large;
			}
		}
		// What is left fills a cell by itself, but for what rounding has taken.
		for (let i = 0; i < size; i++) if (i < less || i >= more) cuts[order[i] as number] = (order[i] as number) + 1;
	}
}

/** The index as it is where one before it is left out. */
function skip(index: number, left: number): number {
	return left !== NONE && index >= left ? index + 1 : index;
}
