/** What hedging costs the requests of a rule that has it. */
import { HedgeBudget } from '../../src/resilience/hedge-budget.ts';
import { LatencyQuantile } from '../../src/resilience/latency-quantile.ts';

/** Milliseconds: a spread over three orders of magnitude, as a service with a cache has it. */
const LATENCIES = Array.from({ length: 1024 }, (_, i) => Math.exp((((i * 7919) % 1024) / 1024) * 7 - 1));

export function cases() {
	const latency = new LatencyQuantile(0.95, 0);
	const budget = new HedgeBudget(5);
	let calls = 0;
	return [
		{
			name: 'observe a latency',
			fn: () => {
				// A busy second has a million: spans end as they would.
				calls++;
				latency.observe(LATENCIES[calls & 1023] as number, calls * 0.001);
				return calls;
			},
		},
		{
			name: 'ask for the quantile',
			fn: () => {
				calls++;
				return latency.valueAt(calls * 0.001);
			},
		},
		{
			name: 'ask for the quantile, counted anew each time',
			fn: () => {
				calls += 100_000;
				latency.observe(LATENCIES[(calls / 100_000) & 1023] as number, calls * 0.001);
				return latency.valueAt(calls * 0.001);
			},
		},
		{
			name: 'earn',
			fn: () => {
				budget.earn();
				return budget.hasOne;
			},
		},
	];
}
