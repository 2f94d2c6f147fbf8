/** What a share of many requests must be. */

/** The suite's: requests of a round, as many at once, and how many rounds may be tried. */
export const REQUESTS = 500;
export const AT_ONCE = 10;
export const ROUNDS = 10;
/** As part of all: 5 percentage points. */
const TOLERANCE = 0.05;
const SIGMAS = 3;

/** By weights (conformance/utils/weight): `''` when each share is near enough. `pods`: who answered each request. */
export function weightsDifference(weights: Readonly<Record<string, number>>, pods: readonly string[]): string {
	const stray = pods.find((pod) => !Object.keys(weights).some((prefix) => pod.startsWith(prefix)));
	if (stray !== undefined) return `\`${stray}\` has no weight, and got requests`;
	for (const [prefix, weight] of Object.entries(weights)) {
		const share = pods.filter((pod) => pod.startsWith(prefix)).length / pods.length;
		if (weight === 0 && share > 0) return `\`${prefix}\` has weight 0, and got requests`;
		if (Math.abs(share - weight) > TOLERANCE) return `\`${prefix}\` got ${share.toFixed(3)} of all, not ${weight}`;
	}
	return '';
}

/** Of a mirror: within three standard deviations of the binomial distribution. */
export function isWithinShare(count: number, requests: number, share: number): boolean {
	const deviation = Math.sqrt(requests * share * (1 - share));
	return Math.abs(count - requests * share) <= SIGMAS * deviation;
}
