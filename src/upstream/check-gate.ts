/** How many health checks run at the same time, over all services: thousands of endpoints that hang must not take thousands of sockets. */

/**
 * One check takes at most its timeout, so this many see to 200 endpoints a second when all of them hang (timeout 1 s), and
 * to thousands when they answer.
 */
const MOST_AT_ONCE = 200;

/** Who waits for a place. */
export interface GateTurn {
	/** The place is this one's now. */
	onTurn(): void;
}

export class CheckGate {
	private free: number;
	/** First come, first served. */
	private readonly waiting = new Set<GateTurn>();

	constructor(most = MOST_AT_ONCE) {
		this.free = most;
	}

	/** Whether there is a place at once; otherwise `onTurn` says when, unless `forget` comes first. */
	enter(turn: GateTurn): boolean {
		if (this.free > 0) {
			this.free--;
			return true;
		}
		this.waiting.add(turn);
		return false;
	}

	/** Of whoever has a place. */
	leave(): void {
		const [next] = this.waiting;
		if (next === undefined) this.free++;
		else {
			this.waiting.delete(next);
			next.onTurn();
		}
	}

	/** Of whoever waits for one. Does nothing when it does not. */
	forget(turn: GateTurn): void {
		this.waiting.delete(turn);
	}
}
