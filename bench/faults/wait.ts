/** Waiting for conditions and promises, never for ever. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: a busy machine must not look like a hang. */
export const DEADLINE_MS = 15_000;
const POLL_MS = 5;

export async function waitFor(
	what: string,
	condition: () => boolean | Promise<boolean>,
	deadlineMs = DEADLINE_MS,
): Promise<void> {
	const end = performance.now() + deadlineMs;
	while (!(await condition())) {
		if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
		await sleep(POLL_MS);
	}
}

export async function within<T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
	const timer = new AbortController();
	const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(
		() => Promise.reject(new Error(`waited ${deadlineMs} ms in vain for ${what}`)),
		() => new Promise<never>(() => {}),
	);
	try {
		return await Promise.race([promise, late]);
	} finally {
		timer.abort();
	}
}
