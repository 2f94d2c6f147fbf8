/** How long to wait before another attempt. */
import type { Random } from '../clock.ts';

/** Envoy's base interval: the first retry of an unset backoff comes within it. */
const UNSET_BASE_MS = 25;
/** Ten times the base, as in Envoy: somebody is waiting for the answer. */
const UNSET_CAP_MS = 250;
/** A written backoff is a minimum (Gateway API, GEP-1731); half of it again spreads the clients out. */
const WRITTEN_JITTER = 0.5;

/**
 * Milliseconds before retry number `retry` (1 is the first). `policyBackoffMs` 0 means unset: uniform up to
 * min(250, 25·(2ⁿ−1), `remainingMs`), because a wait that nobody asked for must not cost the retry; a written B: uniform
 * between B·2ⁿ⁻¹ and 1.5 times that.
 */
export function backoffMs(retry: number, policyBackoffMs: number, random: Random, remainingMs: number): number {
	if (policyBackoffMs > 0) return policyBackoffMs * 2 ** (retry - 1) * (1 + WRITTEN_JITTER * random.next());
	return random.next() * Math.min(UNSET_CAP_MS, UNSET_BASE_MS * (2 ** retry - 1), remainingMs);
}
