/** How long a test waits for something before it fails. Generous: a loaded machine must not make tests flaky. */
export const DEADLINE_MS = 5_000;
/** How often a condition is looked at. */
const POLL_MS = 2;

/** Resolves once the condition holds; rejects, naming what was awaited, when it does not within the deadline. */
export async function waitFor(
	what: string,
	condition: () => boolean | Promise<boolean>,
	deadlineMs: number = DEADLINE_MS,
): Promise<void> {
	const end = performance.now() + deadlineMs;
	while (!(await condition())) {
		if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}

/** The promise's own outcome, or a rejection that names what was awaited. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs: number = DEADLINE_MS): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`waited ${deadlineMs} ms in vain for: ${what}`)), deadlineMs);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
