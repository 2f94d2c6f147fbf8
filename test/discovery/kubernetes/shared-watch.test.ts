import { describe, expect, it } from 'vitest';
import { KubernetesEndpoints } from '../../../src/discovery/kubernetes/kubernetes-endpoints.ts';
import { breathe } from '../../../src/io/breathe.ts';
import { systemClock, systemRandom } from '../../../src/io/system.ts';
import { ManualClock, ManualTimers } from '../../support/manual-time.ts';
import { waitFor } from '../../support/wait-for.ts';
import { RecordingSink, slice, withApi } from './watching.ts';

const kube = withApi();
const { begin, watched } = kube;

describe('several services', () => {
	it('of one namespace share one watch, which asks for them alone', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']), slice('ledger-a', ['10.1.0.2'], { service: 'ledger' }));
		const all = begin();
		const payments = all.follow('payments');
		const ledger = all.follow('ledger');
		const again = all.follow('ledger', { port: 'http' });
		await payments.waitForAddresses('10.1.0.1:8080');
		await ledger.waitForAddresses('10.1.0.2:8080');
		await again.waitForAddresses('10.1.0.2:8080');
		await watched();
		expect(kube.api.requests).toHaveLength(2);
		expect(kube.api.requests.at(-1)?.query.get('labelSelector')).toBe(
			'kubernetes.io/service-name in (ledger,payments)',
		);
		kube.api.put(slice('ledger-a', ['10.1.0.3'], { service: 'ledger' }));
		await ledger.waitForAddresses('10.1.0.3:8080');
		expect(payments.updates).toHaveLength(1);
	});

	it('one that comes later is asked for too; one that goes changes nothing, and may come back', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']), slice('ledger-a', ['10.1.0.2'], { service: 'ledger' }));
		const all = begin();
		const payments = all.follow('payments');
		await watched();
		const ledger = all.follow('ledger');
		await ledger.waitForAddresses('10.1.0.2:8080');
		await watched();
		const { length } = kube.api.requests;
		ledger.watch?.stop();
		kube.api.put(slice('ledger-a', ['10.1.0.4'], { service: 'ledger' }), slice('payments-a', ['10.1.0.5']));
		await payments.waitForAddresses('10.1.0.5:8080');
		expect(ledger.updates).toHaveLength(1);
		await all.follow('ledger').waitForAddresses('10.1.0.4:8080');
		expect(kube.api.requests).toHaveLength(length);
	});

	it('of two namespaces have a watch each', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']), slice('payments-a', ['10.1.0.2'], { namespace: 'bank' }));
		const all = begin();
		await all.follow('payments').waitForAddresses('10.1.0.1:8080');
		await all.follow('payments', { namespace: 'bank' }).waitForAddresses('10.1.0.2:8080');
		await watched(2);
	});

	it('more than a hundred are selected here, not there', async () => {
		const names = Array.from({ length: 101 }, (_, i) => `service-${i}`);
		kube.api.put(slice('other', ['10.1.0.9'], { service: 'other' }));
		kube.api.put(...names.map((service, i) => slice(service, [`10.1.1.${i}`], { service })));
		const all = begin();
		const sinks = names.map((service) => all.follow(service));
		for (const [i, sink] of sinks.entries()) await sink.waitForAddresses(`10.1.1.${i}:8080`);
		expect(kube.api.requests[0]?.query.get('labelSelector')).toBe('kubernetes.io/service-name');
		await watched();
		expect(kube.api.requests).toHaveLength(2);
	});

	it('a slice that goes over to another service leaves the first', async () => {
		const all = begin();
		const payments = all.follow('payments');
		const ledger = all.follow('ledger');
		await watched();
		kube.api.put(slice('moving', ['10.1.0.1']));
		await payments.waitForAddresses('10.1.0.1:8080');
		kube.api.put(slice('moving', ['10.1.0.1'], { service: 'ledger' }));
		await ledger.waitForAddresses('10.1.0.1:8080');
		await payments.waitForAddresses();
		kube.api.put(slice('moving', ['10.1.0.1'], { service: 'elsewhere' }));
		await ledger.waitForAddresses();
	});
});

describe('the end', () => {
	it('of the last service closes the connection, and nothing is told any more', async () => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin().follow('payments');
		await watched();
		await sink.waitForAddresses('10.1.0.1:8080');
		sink.watch?.stop();
		await watched(0);
		const { length } = kube.api.requests;
		kube.api.put(slice('payments-a', ['10.1.0.2']));
		await breathe();
		expect(sink.updates).toHaveLength(1);
		expect(sink.failures).toEqual([]);
		kube.watching?.source.watch({ is: 'kubernetes', service: 'payments', namespace: 'shop', port: '' }).start(sink);
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(kube.api.requests.length).toBeGreaterThan(length);
	});

	it('may come at once', async () => {
		const sink = begin().follow('payments');
		sink.watch?.stop();
		await breathe();
		await breathe();
		await breathe();
		expect(kube.api.requests).toEqual([]);
		expect(sink.failures).toEqual([]);
	});

	it('of everything cuts every connection', async () => {
		const all = begin();
		all.follow('payments');
		all.follow('payments', { namespace: 'bank' });
		await watched(2);
		all.source.stop();
		await waitFor('no connection', () => kube.api.connections === 0);
	});
});

it('outside of a cluster says so, and asks nobody', async () => {
	const options = {
		access: null,
		clock: systemClock,
		timers: new ManualTimers(new ManualClock()),
		random: systemRandom,
	};
	const ignore = () => {};
	const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
	const sink = new RecordingSink();
	new KubernetesEndpoints({ ...options, breathe, log })
		.watch({ is: 'kubernetes', service: 'payments', namespace: '', port: '' })
		.start(sink);
	expect(sink.failures).toEqual([]);
	await sink.waitForFailure(/KUBERNETES_SERVICE_HOST is not set/);
});
