import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { ManualClock } from '../support/manual-time.ts';
import { parseExposition, pools } from './exposition.ts';

function makeMetrics(maxSeries = 2000): Metrics {
	return new Metrics({
		workload: { name: 'orders', namespace: 'shop', version: 'v1' },
		settings: { maxSeries, istio: false, app: null },
		clock: new ManualClock(),
		breathe: () => Promise.resolve(),
		log: { debug() {}, info() {}, warn() {}, error() {} },
		process: null,
	});
}

async function scrape(metrics: Metrics) {
	return parseExposition(await metrics.text());
}

describe('endpoints', () => {
	const STATE = 'outrigger_endpoint_state';
	const many = (...states: boolean[]) => states.map((isUsable, index) => ({ address: `10.0.0.${index}:80`, isUsable }));

	it('are shown as they are at the scrape, and no longer when they or their service have gone', async () => {
		const metrics = makeMetrics();
		let endpoints = many(true, false);
		metrics.watchEndpoints('payments', () => endpoints);
		const state = async (endpoint: string) => (await scrape(metrics)).value(STATE, { service: 'payments', endpoint });
		expect([await state('10.0.0.0:80'), await state('10.0.0.1:80')]).toEqual([1, 0]);
		endpoints = many(false);
		expect([await state('10.0.0.0:80'), await state('10.0.0.1:80')]).toEqual([0, undefined]);
		metrics.unwatch('payments');
		expect(await state('10.0.0.0:80')).toBeUndefined();
	});

	it('that are not used come first past maxSeries; the rest is one series', async () => {
		const metrics = makeMetrics(2);
		metrics.watchEndpoints('a', () => many(true, true, true));
		metrics.watchEndpoints('b', () => many(true, false));
		const { value, samples } = await scrape(metrics);
		expect(samples.filter(({ name }) => name === STATE)).toHaveLength(3);
		expect(value(STATE, { service: 'b', endpoint: '10.0.0.1:80' })).toBe(0);
		expect(value(STATE, { service: '__other__', endpoint: '__other__' })).toBe(1);
		metrics.watchEndpoints('a', () => many(false, false, false));
		expect((await scrape(metrics)).value(STATE, { service: '__other__' })).toBe(0);
		const dropped = { metric: STATE };
		expect((await scrape(metrics)).value('outrigger_series_dropped_total', dropped)).toBe(6);
	});

	it('have counters that begin at 0 with their service', async () => {
		const metrics = makeMetrics();
		metrics.watchEndpoints('payments', () => []);
		metrics.watchPool('payments', () => pools({ active: 0, idle: 0, pending: 0 }));
		const { value } = await scrape(metrics);
		const service = 'payments';
		for (const [name, labels] of [
			['outrigger_ejections_total', { service, reason: 'consecutive-errors' }],
			['outrigger_ejections_total', { service, reason: 'success-rate' }],
			['outrigger_ejections_skipped_total', { service, reason: 'cap' }],
			['outrigger_service_panic', { service }],
			['outrigger_retries_total', { service, reason: 'connect-failure' }],
			['outrigger_retries_total', { service, reason: 'status' }],
			['outrigger_connect_failures_total', { service }],
			['outrigger_retries_skipped_total', { reason: 'method' }],
			['outrigger_hedges_skipped_total', { reason: 'budget' }],
		] as const) {
			expect([name, value(name, labels)]).toEqual([name, 0]);
		}
	});

	it('stay in panic when their service loses its circuit breaker', async () => {
		const metrics = makeMetrics();
		metrics.watchEndpoints('payments', () => []);
		metrics.panicked('payments', true);
		metrics.watchCircuit('payments', null);
		metrics.watchEndpoints('payments', () => []);
		expect((await scrape(metrics)).value('outrigger_service_panic', { service: 'payments' })).toBe(1);
	});

	it('are counted when they are left out, or stay in though they fail', async () => {
		const metrics = makeMetrics();
		metrics.ejected('payments', 'consecutive-errors');
		metrics.ejected('payments', 'success-rate');
		metrics.ejected('payments', 'success-rate');
		metrics.ejectionSkipped('payments', 'cap');
		const { value } = await scrape(metrics);
		const service = 'payments';
		expect(value('outrigger_ejections_total', { service, reason: 'consecutive-errors' })).toBe(1);
		expect(value('outrigger_ejections_total', { service, reason: 'success-rate' })).toBe(2);
		expect(value('outrigger_ejections_skipped_total', { service, reason: 'cap' })).toBe(1);
	});
});
