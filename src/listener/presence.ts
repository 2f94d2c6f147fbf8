/**
 * Whether a client that has ended its sending side still waits for its answer.
 *
 * Theory of operation. A FIN says no more than that nothing else is coming: HTTP/1 clients may half-close and wait, and a client
 * that has closed its socket looks the same. Only what is sent to it tells: the system of one that is gone refuses the bytes
 * with RST, and the next write fails. So an answer that is slow to come is announced a few times with 102, which means just
 * that (RFC 2518 §10.1) and which every HTTP/1.1 client must pass over (RFC 9110 §15.2). 100 would do as well, were there no
 * clients that take it for a fault when they have not asked for it.
 */
import { type Clock, TimerEntry, type Timers } from '../clock.ts';
import { ResponseHead } from '../http/head.ts';

/**
 * Waits before each announcement. Most answers come before the first, so that half-closed clients see none. The second finds
 * out what the first has brought about, the third the same for clients far away.
 */
const WAITS_MS = [100, 100, 800];
const PROCESSING = 102;

export interface AwaitedAnswer {
	/** Nothing of a final answer has been sent, and something of it is still to come. */
	readonly isAnswerDue: boolean;
	inform(head: ResponseHead): void;
}

export class Presence extends TimerEntry {
	private readonly answer: AwaitedAnswer;
	private readonly timers: Timers;
	private readonly clock: Clock;
	private asked = 0;

	constructor(answer: AwaitedAnswer, timers: Timers, clock: Clock) {
		super();
		this.answer = answer;
		this.timers = timers;
		this.clock = clock;
		this.wait();
	}

	override onTimer(): void {
		if (!this.answer.isAnswerDue) return;
		const head = new ResponseHead();
		head.status = PROCESSING;
		head.reason = 'Processing';
		this.answer.inform(head);
		this.asked++;
		this.wait();
	}

	stop(): void {
		this.timers.disarm(this);
	}

	private wait(): void {
		const wait = WAITS_MS[this.asked];
		if (wait !== undefined) this.timers.armAt(this, this.clock.now() + wait);
	}
}
