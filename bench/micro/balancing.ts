/** Choosing a backend and an endpoint: `node bench/micro/run.ts balancing`. At most 100 ns among 1,000 endpoints. */
import type { Candidate, Share } from '../../src/balancing/balancer.ts';
import { LeastRequest } from '../../src/balancing/least-request.ts';
import { WeightedChoice } from '../../src/balancing/weighted.ts';
import { systemRandom } from '../../src/io/system.ts';

const LOAD = 10;

function endpoints(count: number, weightOf: (index: number) => number): Share<Candidate>[] {
	return Array.from({ length: count }, (_, i) => ({
		weight: weightOf(i),
		endpoint: { address: `10.0.0.${i}:80`, active: (i * 7) % LOAD, isUsable: true },
	}));
}

const two = new WeightedChoice([{ weight: 9 }, { weight: 1 }]);
const one = new LeastRequest(endpoints(1, () => 1));
const three = new LeastRequest(endpoints(3, () => 1));
const even = new LeastRequest(endpoints(1000, () => 1));
const uneven = new LeastRequest(endpoints(1000, (i) => 1 + (i % 5)));

export const cases = [
	{ name: 'one of two backends by weight', fn: () => two.at(systemRandom.next()) },
	{ name: 'least request, 1 endpoint', fn: () => one.pick(systemRandom, null) },
	{ name: 'least request, 3 endpoints', fn: () => three.pick(systemRandom, null) },
	{ name: 'least request, 1,000 endpoints', fn: () => even.pick(systemRandom, null) },
	{ name: 'least request, 1,000 endpoints of five weights', fn: () => uneven.pick(systemRandom, null) },
];
