/**
 * The states of an exchange and the moves between them, as a table.
 *
 * Theory of operation. An exchange begins `received` and ends `done`, always, exactly once. In between it either makes
 * attempts or answers by itself; an injected fault may hold it back before that (`delayed`). `waiting`, `sent` and
 * `backingOff` repeat, once for each attempt; nothing has gone to the client then, so they may still end in an answer of our
 * own. Attempts may be under way side by side then (`exchange-attempts.ts`): the state is that of the one that has come
 * furthest. From `responding` on the client has seen the head, there is one attempt, and what breaks now can only be reset.
 *
 *   received ─┬──► delayed, and on as from here
 *             ├─► waiting ─► sent ─┬─► responding ─┐
 *             │     ▲  ▲      │    └─► tunnelling ─┤
 *             │     │  └──────┤                    ├─► done
 *             │     └─ backingOff ◄┘               │
 *             └──────► replying ───────────────────┘
 */
export const State = {
	/** The head has been read; nothing has been decided. */
	received: 0,
	/** No attempt has a connection yet. */
	waiting: 1,
	/** The request goes, or has gone, to an upstream. */
	sent: 2,
	/** Time passes before the next attempt. */
	backingOff: 3,
	/** The response head has been sent. */
	responding: 4,
	/** Bytes in both directions are opaque. */
	tunnelling: 5,
	/** An answer of our own waits for the end of the request. */
	replying: 6,
	/** Over: recorded and released. */
	done: 7,
	/** An injected fault lets time pass before the first attempt. */
	delayed: 8,
} as const;
export type State = (typeof State)[keyof typeof State];

/** From each state (in the order of their numbers) to where it may go. */
export const TRANSITIONS: readonly (readonly State[])[] = [
	/* received   */ [State.waiting, State.sent, State.replying, State.done, State.delayed],
	/* waiting    */ [State.waiting, State.sent, State.backingOff, State.replying, State.done],
	/* sent       */ [
		State.waiting,
		State.sent,
		State.backingOff,
		State.responding,
		State.tunnelling,
		State.replying,
		State.done,
	],
	/* backingOff */ [State.waiting, State.sent, State.replying, State.done],
	/* responding */ [State.done],
	/* tunnelling */ [State.done],
	/* replying   */ [State.done],
	/* done       */ [],
	/* delayed    */ [State.waiting, State.sent, State.replying, State.done, State.delayed],
];

const ALLOWED = TRANSITIONS.map((targets) => targets.reduce<number>((bits, target) => bits | (1 << target), 0));

/** Whether the table has this move. */
export function canMove(from: State, to: State): boolean {
	return ((ALLOWED[from] as number) & (1 << to)) !== 0;
}
