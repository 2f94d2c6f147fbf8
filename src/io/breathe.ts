/** Lets the event loop serve everything else before whoever awaits this goes on. */
export function breathe(): Promise<void> {
	return new Promise((resolve) => {
		setImmediate(resolve);
	});
}
