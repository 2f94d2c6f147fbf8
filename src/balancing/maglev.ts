/**
 * Maglev hashing (Eisenbud et al., NSDI 2016): a table in which every endpoint has its share of cells, and a request goes
 * to the owner of one cell. More even than a ring, and a look-up is one read; when an endpoint leaves, a few requests more
 * than its own move. Beyond 65,537 endpoints, the lightest of them have no cell.
 *
 * Endpoints that are not usable keep their cells, and a request that meets one tries other cells in an order of its own: so
 * their load spreads over all, and comes home when they are well.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { mixed } from './hash.ts';
import { anyUsable, type Placed, placed } from './placed.ts';
import { Turns } from './turns.ts';

/** A prime, as the permutations need; Envoy's and the paper's small table. */
export const TABLE_SIZE = 65_537;
/** Cells that a request tries before it asks the endpoints one after the other. */
const MAX_TRIES = 64;
/** Cells filled between two pauses: under a millisecond. */
const SLICE = 4096;
const BITS = 32;

export class Maglev<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly owners: Uint32Array;

	private constructor(endpoints: readonly E[], owners: Uint32Array) {
		this.endpoints = endpoints;
		this.owners = owners;
	}

	static *inSlices<E extends Candidate>(shares: readonly Share<E>[]): Generator<undefined, Maglev<E>, undefined> {
		const all = yield* placed(shares);
		if (shares.length === 0) return new Maglev(all.endpoints, new Uint32Array(0));
		yield;
		const table = new Table(all);
		while (table.left > 0) {
			yield;
			table.fill(SLICE);
		}
		return new Maglev(all.endpoints, table.owners);
	}

	pick(_random: Random, avoid: E | null, hash: number): E | null {
		const { endpoints, owners } = this;
		if (endpoints.length === 0) return null;
		const home = hash % TABLE_SIZE;
		let cell = home;
		let probe = hash;
		for (let tries = 0; tries < MAX_TRIES; tries++) {
			const endpoint = endpoints[owners[cell] as number] as E;
			if (endpoint.isUsable && endpoint !== avoid) return endpoint;
			probe = mixed(probe + 1);
			cell = probe % TABLE_SIZE;
		}
		return anyUsable(endpoints, owners[home] as number, avoid);
	}
}

/** Each endpoint takes the next free cell of its own permutation whenever it is its turn; those of more weight more often. */
class Table {
	/** Index of the endpoint that each cell belongs to. */
	readonly owners = new Uint32Array(TABLE_SIZE);
	/** Free cells. */
	left = TABLE_SIZE;
	/** A bit for each cell that has an owner: they are looked at ten times as often as written, and fit into the fastest cache. */
	private readonly taken = new Uint32Array(Math.ceil(TABLE_SIZE / BITS));
	private readonly turns: Turns;
	private readonly next: Uint32Array;
	private readonly skips: Uint32Array;

	constructor({ weights, hashes, strides }: Placed<Candidate>) {
		this.turns = new Turns(weights, 0);
		this.next = hashes.map((hash) => hash % TABLE_SIZE);
		this.skips = strides.map((stride) => (stride % (TABLE_SIZE - 1)) + 1);
	}

	fill(count: number): void {
		const { owners, taken, turns, next, skips } = this;
		for (let left = Math.min(count, this.left); left > 0; left--) {
			const owner = turns.take();
			const skip = skips[owner] as number;
			let cell = next[owner] as number;
			while ((((taken[cell >>> 5] as number) >>> (cell & 31)) & 1) === 1) cell = stepped(cell, skip);
			taken[cell >>> 5] = (taken[cell >>> 5] as number) | (1 << (cell & 31));
			owners[cell] = owner;
			next[owner] = stepped(cell, skip);
			this.left--;
		}
	}
}

function stepped(cell: number, skip: number): number {
	const after = cell + skip;
	return after < TABLE_SIZE ? after : after - TABLE_SIZE;
}
