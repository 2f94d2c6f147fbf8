/**
 * Maglev hashing (Eisenbud et al., NSDI 2016): a table in which every endpoint has its share of cells, and a request goes
 * to the owner of one cell. More even than a ring, and a look-up is one read; when an endpoint leaves, a few requests more
 * than its own move.
 *
 * Endpoints that are not usable keep their cells, and a request that meets one tries other cells in an order of its own: so
 * their load spreads over all, and comes home when they are well.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { mixed } from './hash.ts';
import { type Placed, placed } from './placed.ts';

/** A prime, as the permutations need; Envoy's and the paper's small table. */
export const TABLE_SIZE = 65_537;
/** Cells that a request tries before it looks at them one after the other. */
const MAX_TRIES = 64;
const FREE = -1;

export class Maglev<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly table: Int32Array;

	constructor(shares: readonly Share<E>[]) {
		const all = placed(shares);
		this.endpoints = all.map(({ endpoint }) => endpoint);
		this.table = tableOf(all);
	}

	pick(_random: Random, avoid: E | null, hash: number): E | null {
		const { endpoints, table } = this;
		if (endpoints.length === 0) return null;
		const home = hash % TABLE_SIZE;
		let cell = home;
		let probe = hash;
		for (let tries = 0; tries < MAX_TRIES; tries++) {
			const endpoint = endpoints[table[cell] as number] as E;
			if (endpoint.isUsable && endpoint !== avoid) return endpoint;
			probe = mixed(probe + 1);
			cell = probe % TABLE_SIZE;
		}
		return this.search(avoid, home);
	}

	/** Nearly all are unwell. */
	private search(avoid: E | null, home: number): E | null {
		const { endpoints, table } = this;
		const from = table[home] as number;
		let last: E | null = null;
		for (let step = 0; step < endpoints.length; step++) {
			const endpoint = endpoints[(from + step) % endpoints.length] as E;
			if (!endpoint.isUsable) continue;
			if (endpoint !== avoid) return endpoint;
			last = endpoint;
		}
		return last ?? (endpoints[from] as E);
	}
}

/** Each endpoint in turn takes the next free cell of its own permutation; one of half the weight sits out every other turn. */
function tableOf<E extends Candidate>(all: readonly Placed<E>[]): Int32Array {
	const table = new Int32Array(TABLE_SIZE).fill(FREE);
	const heaviest = all.reduce((most, { weight }) => Math.max(most, weight), 0);
	const next = Uint32Array.from(all, ({ hash }) => hash % TABLE_SIZE);
	const skips = Uint32Array.from(all, ({ hash }) => (mixed(hash ^ TABLE_SIZE) % (TABLE_SIZE - 1)) + 1);
	const steps = Float64Array.from(all, ({ weight }) => weight / heaviest);
	const credits = new Float64Array(all.length);
	for (let left = all.length === 0 ? 0 : TABLE_SIZE; left > 0; ) {
		for (let i = 0; i < all.length && left > 0; i++) {
			const credit = (credits[i] as number) + (steps[i] as number);
			credits[i] = credit < 1 ? credit : credit - 1;
			if (credit < 1) continue;
			let cell = next[i] as number;
			while (table[cell] !== FREE) cell = (cell + (skips[i] as number)) % TABLE_SIZE;
			table[cell] = i;
			next[i] = (cell + (skips[i] as number)) % TABLE_SIZE;
			left--;
		}
	}
	return table;
}
