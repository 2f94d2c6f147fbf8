/**
 * Zone preference: requests stay in their own zone as long as enough of its endpoints are well; what they cannot take
 * overflows to the other zones.
 *
 * A zone can take as much as its well share of weight, times a factor for the head room that services keep (Envoy's
 * `overprovisioning_factor`, 1.4): below 71 % the rest goes elsewhere, in proportion to weights there.
 */
const HEAD_ROOM = 1.4;

interface Zoned {
	readonly zone: string;
	readonly weight: number;
	readonly isUsable: boolean;
}

/** Factors for the weights of `taken`, in its order; `all` are the endpoints that there are, unwell ones included. Never all 0. */
export function zoneFactors(taken: readonly Zoned[], all: readonly Zoned[], own: string): Float64Array {
	const factors = new Float64Array(taken.length).fill(1);
	const isOwn = ({ zone }: Zoned): boolean => zone === own;
	const here = weightOf(taken.filter(isOwn));
	const there = weightOf(taken) - here;
	if (here === 0 || there === 0) return factors;
	const wellHere = weightOf(taken.filter((each) => isOwn(each) && each.isUsable));
	const share = Math.min(1, (HEAD_ROOM * wellHere) / weightOf(all.filter(isOwn)));
	if (share === 0) return factors;
	for (const [index, each] of taken.entries()) factors[index] = isOwn(each) ? share / here : (1 - share) / there;
	return factors;
}

function weightOf(endpoints: readonly Zoned[]): number {
	return endpoints.reduce((sum, { weight }) => sum + weight, 0);
}
