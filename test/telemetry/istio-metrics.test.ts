import Registry from 'prom-client/lib/registry.js';
import { describe, expect, it } from 'vitest';
import { IstioMetrics } from '../../src/telemetry/istio-metrics.ts';
import { exchangeRecord } from './exchange-record.ts';
import { type Exposition, parseExposition } from './exposition.ts';

const WORKLOAD = { name: 'orders', namespace: 'shop', version: 'v1' };
const ID = 'spiffe://mesh.local/ns/shop/sa';

function made(maxSeries = 100) {
	let ownId = '';
	const registry = new Registry();
	const metrics = new IstioMetrics(WORKLOAD, maxSeries, () => ownId);
	metrics.register(registry);
	return {
		metrics,
		become: (id: string): void => {
			ownId = id;
		},
		come: (...principals: string[]): void => {
			for (const principal of principals) metrics.ended(exchangeRecord({ principal }));
		},
		scrape: async (): Promise<Exposition> => parseExposition(await registry.metrics()),
	};
}

describe('who has called whom', () => {
	it('is told of callers by mutual TLS, by the id that we have at that time', async () => {
		const { become, come, scrape } = made();
		for (const ownId of ['', `${ID}/orders`, `${ID}/renamed`, `${ID}/orders`]) {
			become(ownId);
			come('', `${ID}/web`, `${ID}/jobs`, `${ID}/web`);
		}
		const { value } = await scrape();
		const counts = ['unknown', `${ID}/orders`, `${ID}/renamed`].map((destination_principal) =>
			[`${ID}/web`, `${ID}/jobs`].map((source_principal) => {
				const labels = { source_principal, destination_principal, connection_security_policy: 'mutual_tls' };
				expect(value('istio_response_bytes_count', labels)).toBe(value('istio_requests_total', labels));
				return value('istio_requests_total', labels);
			}),
		);
		expect(counts).toEqual([
			[2, 1],
			[4, 2],
			[2, 1],
		]);
		const plain = { source_principal: 'unknown', destination_principal: 'unknown', connection_security_policy: 'none' };
		expect(value('istio_requests_total', plain)).toBe(4);
	});

	it('is told of those for whom there is room, and the others are counted together', async () => {
		const { metrics, come, scrape } = made(3);
		come(...Array.from({ length: 9 }, (_, i) => `${ID}/${i}`));
		const { value } = await scrape();
		expect(value('istio_requests_total', { source_principal: `${ID}/2` })).toBe(1);
		expect(value('istio_requests_total', { source_principal: '__other__' })).toBe(6);
		for (const family of metrics.families) family.maxSeries = 100;
		come(`${ID}/8`);
		expect((await scrape()).value('istio_requests_total', { source_principal: `${ID}/8` })).toBe(1);
	});
});
