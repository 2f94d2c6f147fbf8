/** In which order the addresses of a name are tried, and how long one is waited for before the next (RFC 8305). */

/** §5, "Connection Attempt Delay": recommended 250 ms, never below 10. */
const DELAY_MS = 250;
const SHORTEST_DELAY_MS = 10;

/**
 * By turns of each family, so that a dead one costs one delay, however many addresses it has (§4); within a family, and
 * which family comes first, as the system has them. `working`: the address that answered last time comes before all.
 */
export function orderOfAddresses(addresses: readonly string[], working: string): string[] {
	const all = [...new Set(addresses)];
	const isFirstFamily = (address: string) => address.includes(':') === (all[0]?.includes(':') ?? false);
	const first = all.filter(isFirstFamily);
	const second = all.filter((address) => !isFirstFamily(address));
	const order: string[] = [];
	for (let index = 0; index < Math.max(first.length, second.length); index++) {
		order.push(...first.slice(index, index + 1), ...second.slice(index, index + 1));
	}
	return order.includes(working) ? [working, ...order.filter((address) => address !== working)] : order;
}

/** Milliseconds. A short deadline is shared, so that each of the addresses is tried before it. `remainingMs` 0: none. */
export function attemptDelayMs(addresses: number, remainingMs: number): number {
	if (remainingMs <= 0) return DELAY_MS;
	return Math.max(SHORTEST_DELAY_MS, Math.min(DELAY_MS, remainingMs / addresses));
}
