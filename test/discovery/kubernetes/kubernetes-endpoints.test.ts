import { describe, expect, it } from 'vitest';
import { breathe } from '../../../src/io/breathe.ts';
import { endpointSlice } from '../../support/endpoint-slice.ts';
import { KubernetesApi } from '../../support/kubernetes-api.ts';
import { ManualClock, ManualTimers } from '../../support/manual-time.ts';
import { waitFor } from '../../support/wait-for.ts';
import { slice, withApi } from './watching.ts';

const kube = withApi();
const { begin, watched } = kube;

describe('the first list', () => {
	it('is what the slices of the service say, sorted, with zone, pod and node', async () => {
		const near = { address: '10.1.0.9', zone: 'eu-1a', pod: 'payments-5f6-x2x', node: 'node-1' };
		kube.api.put(
			endpointSlice({ name: 'payments-b', service: 'payments', endpoints: [near, { address: '10.1.0.10' }] }),
		);
		kube.api.put(slice('payments-a', ['10.1.0.8']), slice('ledger-a', ['10.9.9.9'], { service: 'ledger' }));
		kube.api.put(slice('payments-elsewhere', ['10.8.8.8'], { namespace: 'bank' }));
		const sink = begin().follow('payments');
		expect(sink.updates).toEqual([]);
		await sink.waitForAddresses('10.1.0.10:8080', '10.1.0.8:8080', '10.1.0.9:8080');
		const labels = { pod: 'payments-5f6-x2x', node: 'node-1' };
		expect(sink.updates.at(-1)?.at(2)).toEqual({
			host: '10.1.0.9',
			port: 8080,
			weight: 1,
			zone: 'eu-1a',
			labels,
			identity: '',
		});
		expect(sink.updates).toHaveLength(1);
	});

	it('asks as the API wants to be asked', async () => {
		const sink = begin().follow('payments');
		await sink.waitForAddresses();
		await watched();
		const [list, watch] = kube.api.requests;
		expect(list?.target).toBe(
			'/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dpayments&limit=500&resourceVersion=0',
		);
		expect(watch?.query.get('resourceVersion')).toBe('100');
		expect(watch?.query.get('allowWatchBookmarks')).toBe('true');
		expect(Number(watch?.query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(240);
		expect(list?.authorization).toBe('');
	});

	it('is empty for a Service without pods, and for none', async () => {
		kube.api.put(slice('payments-a', [], { endpoints: null, ports: null }));
		const sinks = ['payments', 'nobody'].map((service) => begin().follow(service));
		for (const sink of sinks) await sink.waitForAddresses();
	});

	it('comes in pages where the server gives pages', async () => {
		kube.api.isCached = false;
		kube.api.put(...Array.from({ length: 1201 }, (_, i) => slice(`payments-${i}`, [`10.1.${i >> 8}.${i & 255}`])));
		const sink = begin().follow('payments');
		await waitFor('the list', () => sink.addresses?.length === 1201);
		expect(kube.api.lists).toHaveLength(3);
		expect(kube.api.lists[1]?.query.has('resourceVersion')).toBe(false);
	});

	it('begins anew when the place in it is forgotten', async () => {
		kube.api.isCached = false;
		kube.api.put(...Array.from({ length: 600 }, (_, i) => slice(`payments-${i}`, [`10.1.${i >> 8}.${i & 255}`])));
		let isFirst = true;
		kube.api.answer = ({ query }) => {
			if (query.has('continue') && isFirst) {
				isFirst = false;
				kube.api.skip(5);
				kube.api.compact();
			}
			return false;
		};
		const sink = begin().follow('payments');
		await waitFor('the list', () => sink.addresses?.length === 600);
		expect(kube.api.lists).toHaveLength(4);
		expect(sink.failures).toEqual([]);
	});

	it('of the own namespace, when none is given', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		await begin().follow('payments', { namespace: '' }).waitForAddresses('10.1.0.1:8080');
	});
});

describe('the watch', () => {
	it('brings what is added, modified and deleted', async () => {
		const sink = begin().follow('payments');
		await watched();
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		await sink.waitForAddresses('10.1.0.1:8080');
		kube.api.put(slice('payments-a', ['10.1.0.1', '10.1.0.2']));
		await sink.waitForAddresses('10.1.0.1:8080', '10.1.0.2:8080');
		kube.api.put(slice('payments-b', ['10.1.0.3']));
		await sink.waitForAddresses('10.1.0.1:8080', '10.1.0.2:8080', '10.1.0.3:8080');
		kube.api.delete('payments-a');
		await sink.waitForAddresses('10.1.0.3:8080');
		kube.api.delete('payments-b');
		await sink.waitForAddresses();
		expect(kube.api.lists).toHaveLength(1);
		expect(sink.failures).toEqual([]);
	});

	it('tells many events of a moment as one list, and nothing when nothing has changed', async () => {
		const clock = new ManualClock();
		const timers = new ManualTimers(clock);
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin({ clock, timers }).follow('payments');
		await watched();
		for (let i = 1; i <= 300; i++) kube.api.put(slice('payments-a', [`10.1.1.${i % 200}`, '10.1.0.2']));
		kube.api.put(slice('payments-b', ['10.1.0.3']));
		for (const watch of kube.api.watches) watch.send('DELETED', slice('payments-unknown', []));
		const armed = timers.size;
		await waitFor('the gathering', () => timers.size > armed);
		kube.api.put(slice('payments-last', ['10.1.0.9']));
		await readUpToNow();
		expect(sink.updates).toHaveLength(1);
		timers.advance(100);
		await sink.waitForAddresses('10.1.0.2:8080', '10.1.0.3:8080', '10.1.0.9:8080', '10.1.1.100:8080');
		expect(sink.updates).toHaveLength(2);
		kube.api.put(slice('payments-last', ['10.1.0.9']));
		await waitFor('the gathering', () => timers.size > armed);
		timers.advance(100);
		await breathe();
		expect(sink.updates).toHaveLength(2);
	});

	it('goes on from where it was when the connection is cut, also from a bookmark', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin().follow('payments');
		await watched();
		kube.api.skip(500);
		kube.api.bookmark();
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.1:8080', '10.1.0.2:8080');
		kube.api.skip(500);
		kube.api.bookmark();
		const version = kube.api.currentVersion;
		await readUpToNow();
		for (const watch of kube.api.watches) watch.cut();
		await waitFor('another watch', () => kube.api.requests.at(-1)?.query.get('resourceVersion') === version);
		kube.api.put(slice('payments-c', ['10.1.0.3']));
		await sink.waitForAddresses('10.1.0.1:8080', '10.1.0.2:8080', '10.1.0.3:8080');
		expect(kube.api.lists).toHaveLength(1);
		expect(sink.failures).toEqual([]);
	});

	it('goes on when the server ends it, and misses nothing that happens in between', async () => {
		const sink = begin().follow('payments');
		await watched();
		for (let i = 1; i <= 5; i++) {
			for (const watch of kube.api.watches) watch.end();
			kube.api.put(slice(`payments-${i}`, [`10.1.0.${i}`]));
			await waitFor('its endpoint', () => sink.addresses?.length === i);
		}
		expect(kube.api.lists).toHaveLength(1);
	});

	it('drops half a line of a connection that is cut', async () => {
		const sink = begin().follow('payments');
		await watched();
		const text = JSON.stringify({
			type: 'ADDED',
			object: { kind: 'EndpointSlice', ...slice('payments-a', ['10.1.0.66']) },
		});
		for (const watch of kube.api.watches) {
			watch.raw(text.slice(0, 300));
			watch.end();
		}
		await waitFor('another watch', () => kube.api.requests.length === 3 && kube.api.watches.size === 1);
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(sink.failures).toEqual([]);
	});

	it('takes a line that comes byte by byte, with letters of several bytes', async () => {
		const sink = begin().follow('payments');
		await watched();
		const object = endpointSlice({
			name: 'payments-a',
			service: 'payments',
			endpoints: [{ address: '10.1.0.1', zone: 'zürich-€', pod: 'p' }],
		});
		const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
		for (const watch of kube.api.watches) {
			for (const byte of bytes) {
				watch.raw(Buffer.of(byte));
				await breathe();
			}
		}
		await sink.waitForAddresses('10.1.0.1:8080');
		expect(sink.updates.at(-1)?.at(0)?.zone).toBe('zürich-€');
	});

	it('is torn down when it is silent beyond its time', async () => {
		const clock = new ManualClock();
		const timers = new ManualTimers(clock);
		begin({ clock, timers }).follow('payments');
		await watched();
		kube.api.bookmark();
		await readUpToNow();
		const seconds = Number(kube.api.requests.at(-1)?.query.get('timeoutSeconds'));
		timers.advance(seconds * 1000 + 14_000);
		await breathe();
		expect(kube.api.watches.size).toBe(1);
		timers.advance(1000);
		await watched(0);
		await waitFor('a wait', () => timers.size === 1);
		timers.advance(20);
		await watched();
		expect(kube.api.lists).toHaveLength(1);
	});

	it('lists anew after an ERROR event with 410, and after a 410 of the whole answer', async () => {
		const sink = begin().follow('payments');
		await watched();
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		await sink.waitForAddresses('10.1.0.1:8080');
		for (const watch of kube.api.watches) watch.cut();
		kube.api.delete('payments-a');
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		kube.api.skip(1);
		kube.api.compact();
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(kube.api.lists.at(-1)?.query.has('resourceVersion')).toBe(false);
		let isFirst = true;
		kube.api.answer = ({ isWatch }, response) => {
			if (!isWatch || !isFirst) return false;
			isFirst = false;
			response.statusCode = 410;
			response.end('{"kind":"Status","apiVersion":"v1","code":410,"reason":"Gone"}');
			return true;
		};
		const before = kube.api.lists.length;
		await watched();
		for (const watch of kube.api.watches) watch.cut();
		await waitFor('a list', () => kube.api.lists.length === before + 1);
		await watched();
		expect(sink.failures).toEqual([]);
	});

	it('finds a server again that was away, and what has changed there', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin().follow('payments');
		await watched();
		const { port } = kube.api;
		await kube.api.stop();
		await sink.waitForFailure(/ECONNREFUSED/);
		expect(sink.updates).toHaveLength(1);
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		await kube.api.start(port);
		await sink.waitForAddresses('10.1.0.1:8080', '10.1.0.2:8080');
		expect(kube.api.lists).toHaveLength(1);
	});

	it('that was silent for all its time makes a new list: the server may know less than we do', async () => {
		const clock = new ManualClock();
		const timers = new ManualTimers(clock);
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin({ clock, timers }).follow('payments');
		await watched();
		kube.api.skip(1000);
		kube.api.bookmark();
		await readUpToNow();
		const { port } = kube.api;
		await kube.api.stop();
		kube.api = new KubernetesApi();
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		await kube.api.start(port);
		await advancing(timers, 20, () => kube.api.watches.size === 1);
		timers.advance(600_000);
		await advancing(timers, 20, () => sink.addresses?.join() === '10.1.0.2:8080');
		expect(sink.failures).toEqual([expect.stringMatching(/504 Timeout: Too large resource version/)]);
	});
});

/** Returns once the client has read what the server has written: it answers on the same event loop. */
async function readUpToNow(): Promise<void> {
	for (let i = 0; i < 20; i++) await breathe();
}

/** Moves the time on until something holds. */
function advancing(timers: ManualTimers, ms: number, condition: () => boolean): Promise<void> {
	return waitFor('what time brings', () => {
		timers.advance(ms);
		return condition();
	});
}
