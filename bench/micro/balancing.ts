/** Choosing a backend and an endpoint: `node bench/micro/run.ts balancing`. At most 100 ns among 1,000 endpoints. */
import type { Share } from '../../src/balancing/balancer.ts';
import { buildBalancer } from '../../src/balancing/build-balancer.ts';
import { LatencyCell } from '../../src/balancing/latency-cell.ts';
import type { TimedCandidate } from '../../src/balancing/peak-ewma.ts';
import { WeightedChoice } from '../../src/balancing/weighted.ts';
import { systemRandom } from '../../src/io/system.ts';

const LOAD = 10;

function endpoints(count: number, weightOf: (index: number) => number): Share<TimedCandidate>[] {
	return Array.from({ length: count }, (_, i) => {
		const latency = new LatencyCell();
		latency.observe(1 + (i % LOAD), 0);
		const endpoint = { address: `10.0.${i >> 8}.${i & 255}:80`, active: (i * 7) % LOAD, isUsable: true, latency };
		return { weight: weightOf(i), endpoint };
	});
}

const two = new WeightedChoice([{ weight: 9 }, { weight: 1 }]);
const one = buildBalancer(
	'leastRequest',
	endpoints(1, () => 1),
);
const POLICIES = ['leastRequest', 'peakEwma', 'roundRobin', 'random', 'ringHash', 'maglev'] as const;
let request = 0;

export const cases = [
	{ name: 'one of two backends by weight', fn: () => two.at(systemRandom.next()) },
	{ name: 'leastRequest, 1 endpoint', fn: () => one.pick(systemRandom, null, 0, 0) },
	...POLICIES.map((policy) => {
		const even = buildBalancer(
			policy,
			endpoints(1000, () => 1),
		);
		return {
			name: `${policy}, 1,000 endpoints`,
			fn: () => even.pick(systemRandom, null, Math.imul(request++, 0x9e3779b9) >>> 0, 1),
		};
	}),
	...POLICIES.map((policy) => {
		const uneven = buildBalancer(
			policy,
			endpoints(1000, (i) => 1 + (i % 5)),
		);
		return {
			name: `${policy}, 1,000 endpoints of five weights`,
			fn: () => uneven.pick(systemRandom, null, Math.imul(request++, 0x9e3779b9) >>> 0, 1),
		};
	}),
];
