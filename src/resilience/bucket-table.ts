/**
 * Token buckets by key, a bounded number of them.
 *
 * Theory of operation. A bucket that is full is like one that does not exist yet, so forgetting it costs nothing; and one
 * that will be full soon is nearly so. When the table has no room for a new key, the bucket goes that is full or will be
 * full first, and of those the one that has waited longest. That is not the least recently used one, for a reason: whoever
 * has used up a bucket could get it back full by sending one request under each of as many new keys as the table holds.
 * Here those new buckets lack one token each and replace each other, while the drained one stays until it would be full
 * anyway. To push it out, all the others must be drained at least as far within the time that it takes to fill: that
 * costs as many admitted requests per bucket as there are to be won, times the size of the table. A flood of new keys thus
 * takes at most a token or so from the limit on keys that are hardly used, and nothing from memory.
 *
 * Which bucket is full first is known without sorting. The time that an empty bucket takes to fill is cut into `SLICES`;
 * a ring of lists has the buckets by the slice in which they will be full. Time moves along the ring and gathers the
 * lists that it passes in `full`. A token taken moves its bucket to a later list. All of it is a fixed number of steps.
 * Keys may be pieces of heads: V8 makes the key of a `Map` a string of its own, so that the heads are not kept. Where the
 * clock goes back, buckets are in too early a list until they are used again: only the choice suffers.
 */
import { TokenBucket, type TokenFlow } from './token-bucket.ts';

/** Precision of "full first": one part in 64 of what a bucket holds, and as many steps at worst to find it. */
const SLICES = 64;
/** The slice that time is in, all that follow, and the one that an empty bucket reaches into. */
const RING = SLICES + 2;

class KeyedBucket extends TokenBucket {
	readonly key: string;
	previous: KeyedBucket;
	next: KeyedBucket;

	constructor(key: string, flow: TokenFlow, now: number) {
		super(flow, now);
		this.key = key;
		this.previous = this;
		this.next = this;
	}
}

export class BucketTable {
	private readonly flow: TokenFlow;
	private readonly maxBuckets: number;
	private readonly buckets = new Map<string, KeyedBucket>();
	private readonly sliceMs: number;
	/** Heads of circular lists, the longest there first; a head's own bucket is not used. */
	private readonly ring: readonly KeyedBucket[];
	private readonly full: KeyedBucket;
	/** Number of the slice that time has reached, counted from time 0. */
	private slice = 0;

	constructor(flow: TokenFlow, maxBuckets: number) {
		this.flow = flow;
		this.maxBuckets = maxBuckets;
		this.sliceMs = ((flow.requests + flow.burst) * flow.per) / flow.requests / SLICES;
		const head = () => new KeyedBucket('', flow, 0);
		this.ring = Array.from({ length: RING }, head);
		this.full = head();
	}

	get size(): number {
		return this.buckets.size;
	}

	/** As `TokenBucket.take`, from the bucket of a key. `now` is monotonic milliseconds. */
	take(key: string, now: number): number {
		const bucket = this.buckets.get(key) ?? this.add(key, now);
		const wait = bucket.take(now);
		if (wait === 0) this.file(bucket, now);
		return wait;
	}

	private add(key: string, now: number): KeyedBucket {
		this.advance(now);
		if (this.buckets.size >= this.maxBuckets) {
			const dropped = this.fullFirst();
			unlink(dropped);
			this.buckets.delete(dropped.key);
		}
		const bucket = new KeyedBucket(key, this.flow, now);
		this.buckets.set(bucket.key, bucket);
		return bucket;
	}

	/** Puts a bucket where its new state belongs. */
	private file(bucket: KeyedBucket, now: number): void {
		this.advance(now);
		const slice = Math.floor((now + bucket.msUntilFull(now)) / this.sliceMs);
		unlink(bucket);
		append(bucket, this.headOf(Math.min(Math.max(slice, this.slice), this.slice + RING - 1)));
	}

	private advance(now: number): void {
		const reached = Math.floor(now / this.sliceMs);
		for (let steps = 0; this.slice < reached && steps < RING; steps++) {
			appendAll(this.headOf(this.slice), this.full);
			this.slice++;
		}
		if (this.slice < reached) this.slice = reached;
	}

	private fullFirst(): KeyedBucket {
		if (this.full.next !== this.full) return this.full.next;
		let slice = this.slice;
		while (this.headOf(slice).next === this.headOf(slice)) slice++;
		return this.headOf(slice).next;
	}

	private headOf(slice: number): KeyedBucket {
		return this.ring[slice % RING] as KeyedBucket;
	}
}

function unlink(bucket: KeyedBucket): void {
	bucket.previous.next = bucket.next;
	bucket.next.previous = bucket.previous;
	bucket.previous = bucket;
	bucket.next = bucket;
}

function append(bucket: KeyedBucket, head: KeyedBucket): void {
	bucket.previous = head.previous;
	bucket.next = head;
	head.previous.next = bucket;
	head.previous = bucket;
}

/** Moves everything in a list to the end of another. */
function appendAll(from: KeyedBucket, to: KeyedBucket): void {
	if (from.next === from) return;
	from.next.previous = to.previous;
	to.previous.next = from.next;
	from.previous.next = to;
	to.previous = from.previous;
	from.previous = from;
	from.next = from;
}
