/**
 * Ten thousand endpoints are taken in small portions. How long one takes depends on the machine; how much there is in one is
 * held here.
 */
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { endpointsOf } from '../../../src/discovery/kubernetes/slice-endpoints.ts';
import { breathe } from '../../../src/io/breathe.ts';
import { waitFor } from '../../support/wait-for.ts';
import { Watching } from './watching.ts';

/** Of the server's slices. */
const ENDPOINTS_A_SLICE = 100;
const ENDPOINTS = 10_000;
let server: Worker;
let port = 0;

beforeAll(async () => {
	server = new Worker(join(import.meta.dirname, 'big-server.ts'));
	[port] = (await once(server, 'message')) as [number];
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
	server.postMessage('stop');
	await once(server, 'exit');
});

/** Counts what is done between two breaths. */
class Portions {
	all = 0;
	most = 0;
	private current = 0;

	count(): void {
		this.all++;
		this.current++;
		this.most = Math.max(this.most, this.current);
	}

	breathe = (): Promise<void> => {
		this.current = 0;
		return breathe();
	};
}

it('a list and a roll-out are read a slice or two at a time', { timeout: 60_000 }, async () => {
	const portions = new Portions();
	const { isIP } = net;
	// Asked once for each endpoint that is read.
	vi.spyOn(net, 'isIP').mockImplementation((address) => {
		if (address.startsWith('10.')) portions.count();
		return isIP(address);
	});
	const watching = new Watching({ port }, { breathe: portions.breathe });
	const sink = watching.follow('payments');
	await waitFor('the list', () => sink.addresses?.length === ENDPOINTS);
	expect(portions.all).toBe(ENDPOINTS);
	const before = sink.updates.length;
	server.postMessage('roll out');
	await waitFor('the roll-out', () => sink.updates.length > before && portions.all === 2 * ENDPOINTS);
	watching.stop();
	// Whose end is in the first bytes of a portion, and one that is whole.
	expect(portions.most).toBeLessThanOrEqual(2 * ENDPOINTS_A_SLICE);
});

it('their addresses are gone through some hundred at a time', async () => {
	const portions = new Portions();
	const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => ({
		get address() {
			portions.count();
			return `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
		},
		isReady: true,
		zone: '',
		labels: {},
	}));
	const slices = Array.from({ length: ENDPOINTS / ENDPOINTS_A_SLICE }, (_, i) => ({
		name: `payments-${i}`,
		service: 'payments',
		addressType: 'IPv4' as const,
		ports: [{ name: '', port: 8080 }],
		endpoints: endpoints.slice(i * ENDPOINTS_A_SLICE, (i + 1) * ENDPOINTS_A_SLICE),
	}));
	const found = await endpointsOf(slices, '', 'IPv4', portions.breathe);
	expect(found.endpoints).toHaveLength(ENDPOINTS);
	// Twice each: for the key, and for the endpoint.
	expect(portions.all).toBe(2 * ENDPOINTS);
	expect(portions.most).toBeLessThanOrEqual(2 * 300);
});
