/** A new endpoint comes to its full share little by little: its caches are cold, its code is not compiled yet. */

/** Share at the beginning (Envoy's `min_weight_percent`): without any requests it would never warm up. */
const LEAST = 0.1;

/** From `LEAST` up to 1, in proportion to the age (Envoy's `aggression` 1). Both in milliseconds. */
export function slowStartFactor(ageMs: number, slowStartMs: number): number {
	if (!(ageMs < slowStartMs)) return 1;
	return Math.max(LEAST, ageMs / slowStartMs);
}
