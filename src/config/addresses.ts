/** Which addresses mean this machine. Names and IP literals as configuration has them, IPv6 without brackets. */

const EVERYWHERE = new Set(['', '0.0.0.0', '::']);

export function isLoopback(host: string): boolean {
	return host === 'localhost' || host === '::1' || /^127\.[0-9.]+$/.test(host);
}

/** Whether two listeners at these hosts would want the same address. */
export function overlap(a: string, b: string): boolean {
	if (EVERYWHERE.has(a) || EVERYWHERE.has(b) || a === b) return true;
	// `localhost` may be either family.
	return (a === 'localhost' && isLocalhost(b)) || (b === 'localhost' && isLocalhost(a));
}

function isLocalhost(host: string): boolean {
	return host === '127.0.0.1' || host === '::1';
}

/** Whether who connects to `target` reaches a listener at `listener`, as far as the two tell. */
export function reaches(target: string, listener: string): boolean {
	if (!EVERYWHERE.has(listener)) return overlap(target, listener);
	return isLoopback(target) || EVERYWHERE.has(target);
}
