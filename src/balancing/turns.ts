/**
 * An order of turns by weight: who has weight 3 comes three times as often, evenly spread.
 *
 * Theory of operation. One heap of all items would cost the logarithm of their number a turn. So items are sorted into
 * classes: one for each power of two, of which there are few, however many items there are. Classes take turns by
 * earliest deadline first, as in Envoy: those of one class are 1/(weight of all its items) apart. Within a class a hand goes
 * around: each time that it comes by, an item gains credit, the heaviest a whole turn, the lightest half of one, and one who
 * has a whole turn takes it. So the hand makes two steps a turn at most on average, and one where all weights are the same.
 */

/** The longest way into the order, in rounds of the heaviest class: a double cannot tell the turns apart well beyond that. */
const MAX_ROUNDS = 2 ** 32;
/**
 * Up to so many turns are left out at the beginning. A moment drawn at random falls into a long gap between turns more likely
 * than into a short one, which would give the turn after a long gap to those who begin anew all the time.
 */
const MAX_LEFT_OUT = 64;
/** What is after so many bits of the offset serves as another random number. */
const OFFSET_SCALE = 2 ** 20;
/** Multiples of it modulo 1 are spread evenly: neighbours do not skip their turns together. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

export class Turns {
	/** Items, those of one class side by side. */
	private readonly members: Uint32Array;
	/** What each of `members` has saved up, below a whole turn when the hand has passed. */
	private readonly credits: Float64Array;
	/** What each of `members` gains when the hand comes by: up to 1. */
	private readonly gains: Float64Array;
	/** Where each class begins in `members`, and the end of the last one. */
	private readonly edges: Uint32Array;
	/** Where the hand of each class is. */
	private readonly hands: Uint32Array;
	/** Between two turns of each class. */
	private readonly intervals: Float64Array;
	/** Classes; each is due before its children at 2i+1 and 2i+2. */
	private readonly heap: Uint32Array;
	/** When the class at that place of the heap is due. */
	private readonly due: Float64Array;

	/**
	 * `weights`: at least one, each above 0. `offset` from 0 to 1: where in the order to begin, 1 being a whole round of the
	 * lightest. Drawn at random, it keeps many who begin at once from all beginning with the same item.
	 */
	constructor(weights: Float64Array, offset: number) {
		const classes = classesOf(weights);
		const { size } = classes;
		this.members = new Uint32Array(weights.length);
		this.credits = new Float64Array(weights.length);
		this.gains = new Float64Array(weights.length);
		this.edges = new Uint32Array(size + 1);
		this.hands = new Uint32Array(size);
		this.intervals = new Float64Array(size);
		this.heap = new Uint32Array(size);
		this.due = new Float64Array(size);
		const start = offset * roundOf(weights);
		let next = 0;
		for (const items of classes.values()) this.place(next++, items, weights, start);
		for (let at = (size >> 1) - 1; at >= 0; at--) this.sink(at, this.heap[at] as number, this.due[at] as number);
		for (let left = ((offset * OFFSET_SCALE) % 1) * MAX_LEFT_OUT; left >= 1; left--) this.take();
	}

	/** Takes the next turn: index of the item. */
	take(): number {
		const group = this.heap[0] as number;
		this.sink(0, group, (this.due[0] as number) + (this.intervals[group] as number));
		const { credits, gains, edges } = this;
		const end = edges[group + 1] as number;
		let hand = this.hands[group] as number;
		for (;;) {
			const at = hand++;
			if (hand === end) hand = edges[group] as number;
			const credit = (credits[at] as number) + (gains[at] as number);
			if (credit >= 1) {
				credits[at] = credit - 1;
				this.hands[group] = hand;
				return this.members[at] as number;
			}
			credits[at] = credit;
		}
	}

	private place(group: number, items: readonly number[], weights: Float64Array, start: number): void {
		const first = this.edges[group] as number;
		const weightOf = (item: number): number => weights[item] as number;
		const heaviest = items.reduce((most, item) => Math.max(most, weightOf(item)), 0);
		const interval = 1 / items.reduce((sum, item) => sum + weightOf(item), 0);
		// The first turn is half an interval after the beginning.
		const taken = Math.max(0, Math.ceil(start / interval - 0.5));
		this.members.set(items, first);
		for (const [index, item] of items.entries()) {
			this.credits[first + index] = ((taken + index) * GOLDEN_RATIO) % 1;
			this.gains[first + index] = weightOf(item) / heaviest;
		}
		this.edges[group + 1] = first + items.length;
		this.hands[group] = first + (taken % items.length);
		this.intervals[group] = interval;
		this.heap[group] = group;
		this.due[group] = (taken + 0.5) * interval;
	}

	/** Puts a class to a place of the heap or below it, where it belongs. */
	private sink(from: number, group: number, due: number): void {
		const { heap, due: dues } = this;
		let at = from;
		for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
			let its = dues[child] as number;
			if (child + 1 < heap.length && (dues[child + 1] as number) < its) its = dues[++child] as number;
			if (its >= due) break;
			heap[at] = heap[child] as number;
			dues[at] = its;
			at = child;
		}
		heap[at] = group;
		dues[at] = due;
	}
}

/** Items by the power of two below their weight. */
function classesOf(weights: Float64Array): Map<number, number[]> {
	const classes = new Map<number, number[]>();
	for (let i = 0; i < weights.length; i++) {
		const power = Math.floor(Math.log2(weights[i] as number));
		const items = classes.get(power);
		if (items === undefined) classes.set(power, [i]);
		else items.push(i);
	}
	return classes;
}

/** Time in which the lightest has one turn. */
function roundOf(weights: Float64Array): number {
	let lightest = Number.POSITIVE_INFINITY;
	let total = 0;
	for (const weight of weights) {
		lightest = Math.min(lightest, weight);
		total += weight;
	}
	return Math.min(1 / lightest, MAX_ROUNDS / total);
}
