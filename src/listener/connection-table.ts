/**
 * All connections of a listener, and who has to go when there is no room.
 *
 * Two lists, oldest first: connections that have not sent a complete head (`waiting`: fresh ones, and those in the middle
 * of a head), and idle keep-alive ones (`idle`). A connection with an exchange is in neither and is never evicted. At
 * the cap the oldest without a complete head goes first, then the oldest idle one: a flood of silent clients can only
 * push out its own kind.
 */

/** Which list a connection is in. */
export const Standing = { active: 0, waiting: 1, idle: 2 } as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

/** The links live in the connection, so that changing its standing (twice a request) allocates nothing. */
export interface TableEntry {
	standing: Standing;
	tablePrev: TableEntry | null;
	tableNext: TableEntry | null;
	/** Closes the connection at once, without an answer. */
	destroy(): void;
}

class Queue {
	first: TableEntry | null = null;
	private last: TableEntry | null = null;

	push(entry: TableEntry): void {
		entry.tablePrev = this.last;
		entry.tableNext = null;
		if (this.last === null) this.first = entry;
		else this.last.tableNext = entry;
		this.last = entry;
	}

	remove(entry: TableEntry): void {
		const { tablePrev, tableNext } = entry;
		if (tablePrev === null) this.first = tableNext;
		else tablePrev.tableNext = tableNext;
		if (tableNext === null) this.last = tablePrev;
		else tableNext.tablePrev = tablePrev;
		entry.tablePrev = null;
		entry.tableNext = null;
	}
}

export class ConnectionTable<Entry extends TableEntry> {
	private readonly cap: number;
	private readonly waiting = new Queue();
	private readonly idle = new Queue();
	private readonly all = new Set<Entry>();
	/** Connections that were pushed out, for the log. */
	evictions = 0;
	/** Called after a connection has left. */
	onRemoved: (() => void) | null = null;

	constructor(cap: number) {
		this.cap = cap;
	}

	get size(): number {
		return this.all.size;
	}

	/** Admits a new connection as `waiting`. False when all places are taken by exchanges. */
	admit(entry: Entry): boolean {
		if (this.all.size >= this.cap) {
			const victim = this.waiting.first ?? this.idle.first;
			if (victim === null) return false;
			this.evictions++;
			victim.destroy();
		}
		this.all.add(entry);
		entry.standing = Standing.waiting;
		this.waiting.push(entry);
		return true;
	}

	move(entry: Entry, to: Standing): void {
		if (entry.standing === to) return;
		this.unlink(entry);
		entry.standing = to;
		if (to === Standing.waiting) this.waiting.push(entry);
		else if (to === Standing.idle) this.idle.push(entry);
	}

	remove(entry: Entry): void {
		if (!this.all.delete(entry)) return;
		this.unlink(entry);
		entry.standing = Standing.active;
		this.onRemoved?.();
	}

	/** `next` has the place of `entry` from now on, and is waiting. */
	replace(entry: Entry, next: Entry): void {
		if (!this.all.delete(entry)) return;
		this.unlink(entry);
		entry.standing = Standing.active;
		this.all.add(next);
		next.standing = Standing.waiting;
		this.waiting.push(next);
	}

	private unlink(entry: Entry): void {
		if (entry.standing === Standing.waiting) this.waiting.remove(entry);
		else if (entry.standing === Standing.idle) this.idle.remove(entry);
	}

	/** The connections of now; safe against changes while it is walked. */
	snapshot(): Entry[] {
		return [...this.all];
	}
}
