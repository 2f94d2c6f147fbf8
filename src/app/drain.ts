/** Waiting with an end: what a drain is made of. */
import { Alarm, type Timers } from '../clock.ts';
import { loopClock } from '../io/loop-clock.ts';
import { systemClock } from '../io/system.ts';
import type { Listener } from '../listener/listener.ts';
import type { Log } from '../ports/log.ts';

/** How often a condition is looked at: ends a wait early, at the cost of next to nothing. */
const POLL_MS = 20;
/** The same where each look costs a connection. */
const ASK_MS = 100;

function pause(timers: Timers, ms: number): Promise<void> {
	return new Promise((resolve) => {
		loopClock.refresh();
		timers.arm(new Alarm(resolve), ms);
	});
}

/** Resolves when the condition holds, or when the time is over. */
export async function waitUntil(condition: () => boolean, atMostMs: number, timers: Timers): Promise<void> {
	const end = systemClock.now() + atMostMs;
	for (let left = atMostMs; left > 0 && !condition(); left = end - systemClock.now()) {
		await pause(timers, Math.min(left, POLL_MS));
	}
}

/** As `waitUntil`, for the end of something that takes its time to ask after. */
export async function waitWhile(holds: () => Promise<boolean>, atMostMs: number, timers: Timers): Promise<void> {
	const end = systemClock.now() + atMostMs;
	for (let left = atMostMs; left > 0 && (await holds()); left = end - systemClock.now()) {
		await pause(timers, Math.min(left, ASK_MS));
	}
}

/** Stops accepting, and resolves when all connections have ended, or were ended because the time was over. */
export async function drainListener(
	listener: Listener,
	atMostMs: number,
	{ timers, log }: { readonly timers: Timers; readonly log: Log },
): Promise<void> {
	let isEmpty = false;
	loopClock.refresh();
	const emptied = listener.drain().then(() => {
		isEmpty = true;
	});
	await Promise.race([emptied, waitUntil(() => isEmpty, atMostMs, timers)]);
	if (isEmpty) return;
	if (listener.connections > 0) {
		log.warn({ connections: listener.connections }, 'drain time is over: ending what is left');
	}
	listener.closeNow();
	await emptied;
}
