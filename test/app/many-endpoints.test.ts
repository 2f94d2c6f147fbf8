/** Services of thousands of endpoints, which are planned in slices: they come, go, fail and mend. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EndpointSink } from '../../src/ports/endpoint-source.ts';
import type { Endpoint } from '../../src/proxy/endpoint.ts';
import { EndpointGroup } from '../../src/proxy/endpoint-group.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { RunningServices, target } from './running-services.ts';

const MANY = 3000;
const POLICIES = ['leastRequest', 'roundRobin', 'ringHash', 'maglev'] as const;
const CONSECUTIVE_ERRORS = 5;

let running: RunningServices | null = null;

afterEach(async () => {
	vi.restoreAllMocks();
	await running?.stop();
});

function hostOf(index: number): string {
	return `10.1.${index >> 8}.${index & 255}`;
}

function listOf(from: number, count = MANY) {
	return Array.from({ length: count }, (_, i) => ({
		host: hostOf(from + i),
		port: 80,
		weight: 1,
		zone: '',
		labels: {},
		identity: '',
	}));
}

function fileOf(from: number, more: object = {}): object {
	const endpoints = listOf(from).map(({ host }) => ({ address: `${host}:80` }));
	return { services: { payments: { endpoints, ...more } } };
}

function picksOf(group: EndpointGroup | null, count: number): (Endpoint | null | undefined)[] {
	const random = new SeededRandom(1);
	return Array.from({ length: count }, () => group?.pick(random, null, random.below(2 ** 32), 0));
}

describe.each(POLICIES)('%s among thousands of endpoints', (policy) => {
	it('follows a source, and is planned before the list is in force', async () => {
		let sink: EndpointSink | null = null;
		running = new RunningServices(() => ({
			start: (given) => {
				sink = given;
			},
			stop: () => undefined,
		}));
		const services = running.follow({
			services: { payments: { dns: { name: 'payments', port: 80 }, loadBalancer: { policy } } },
		});
		const { group } = services.backendOf(target({}));
		const tell = async (from: number) => {
			(sink as EndpointSink | null)?.update(listOf(from));
			await waitFor('the list', () => group?.endpoints[0]?.address === `${hostOf(from)}:80`);
		};
		await tell(0);
		expect(group).toMatchObject({ isPlanned: true, endpoints: { length: MANY } });
		const [, second] = group?.endpoints ?? [];
		await tell(1);
		expect(group?.endpoints[0]).toBe(second);
		await tell(MANY);
		const first = group?.endpoints.indexOf(second as Endpoint);
		expect(first).toBe(-1);
		for (const picked of picksOf(group, 100)) expect(group?.endpoints).toContain(picked);
	});

	it('leaves out many that fail at once, planned anew but a few times', async () => {
		running = new RunningServices();
		const more = { loadBalancer: { policy }, outlierDetection: { consecutiveErrors: CONSECUTIVE_ERRORS } };
		const services = running.follow(fileOf(0, more));
		const { group, service } = services.backendOf(target({}));
		picksOf(group, 1);
		const plan = vi.spyOn(EndpointGroup.prototype, 'plan');
		const failing = group?.endpoints.slice(0, MANY / 20) ?? [];
		for (const endpoint of failing) {
			for (let i = 0; i < CONSECUTIVE_ERRORS; i++) service?.settle(endpoint, 'connect_failed', 0, performance.now());
		}
		await waitFor('all to be left out', () => {
			const picks = new Set(picksOf(group, MANY));
			return failing.every((endpoint) => !endpoint.isUsable && !picks.has(endpoint));
		});
		expect(failing).toHaveLength(MANY / 20);
		expect(plan.mock.calls.length).toBeLessThan(10);
	});

	it('is not planned by whoever picks first after a reload', () => {
		running = new RunningServices();
		running.follow(fileOf(0, { loadBalancer: { policy } }));
		const next = running.plan(fileOf(5, { loadBalancer: { policy } }));
		const { group } = next.backendOf(target({}));
		expect(group?.isPlanned).toBe(false);
		const slices = [...next.plan()].length;
		expect(group?.isPlanned).toBe(true);
		expect(slices).toBeGreaterThan(1);
	});
});

describe('a reload of thousands of endpoints', () => {
	it('knows of those that were left out while it was built', async () => {
		running = new RunningServices();
		const more = { outlierDetection: { consecutiveErrors: CONSECUTIVE_ERRORS } };
		const before = running.follow(fileOf(0, more));
		const { group, service } = before.backendOf(target({}));
		const endpoint = group?.endpoints[7] as Endpoint;
		const next = running.plan(fileOf(5, more));
		const after = next.backendOf(target({})).group;
		for (const _ of next.plan());
		for (let i = 0; i < CONSECUTIVE_ERRORS; i++) service?.settle(endpoint, 'connect_failed', 0, performance.now());
		await waitFor('the running service to know', () => !endpoint.isUsable);
		next.takeOver(before, running.telemetry.metrics);
		await waitFor('the other one to know', () => !new Set(picksOf(after, 4 * MANY)).has(endpoint));
		expect(after?.endpoints).toContain(endpoint);
		next.close();
	});
});
