import { afterAll, describe, expect, it } from 'vitest';
import { clusterAccess } from '../../../src/discovery/kubernetes/cluster-access.ts';
import { systemClock } from '../../../src/io/system.ts';
import { CertificateAuthority } from '../../support/certificate-authority.ts';
import { waitFor } from '../../support/wait-for.ts';
import { slice, type Watching, withApi } from './watching.ts';

const authority = new CertificateAuthority('kubernetes');
const stranger = new CertificateAuthority('stranger');
const certificate = authority.issue('IP:127.0.0.1,DNS:kubernetes.default.svc');
const tokens = new Set<string>();
afterAll(() => {
	authority.remove();
	stranger.remove();
});

const kube = withApi(() => ({ certificate, tokens }));
const { watched } = kube;

function begin(token: string, ca = authority.cert): Watching {
	tokens.clear();
	tokens.add('first');
	const watching = kube.begin({ scheme: 'https' });
	watching.write('token', `${token}\n`);
	watching.write('ca.crt', ca);
	kube.api.put(slice('payments-a', ['10.1.0.1']));
	return watching;
}

const cut = () => {
	for (const watch of kube.api.watches) watch.cut();
};

describe('the service account', () => {
	it('is shown over TLS with the certificates of the cluster', async () => {
		await begin('first').follow('payments').waitForAddresses('10.1.0.1:8080');
		expect(kube.api.requests[0]?.authorization).toBe('Bearer first');
	});

	it('is read again as soon as its token is turned down', async () => {
		const watching = begin('first');
		const sink = watching.follow('payments');
		await watched();
		tokens.clear();
		tokens.add('second');
		watching.write('token', 'second');
		cut();
		kube.api.put(slice('payments-a', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(kube.api.requests.map(({ authorization }) => authorization)).toEqual([
			'Bearer first',
			'Bearer first',
			'Bearer first',
			'Bearer second',
		]);
		expect(sink.failures).toEqual([]);
	});

	it('is read again after a minute, before it is turned down', async () => {
		let late = 0;
		const clock = { now: () => systemClock.now() + late, wall: () => systemClock.wall() };
		tokens.clear();
		tokens.add('first').add('second');
		const watching = kube.begin({ scheme: 'https', clock });
		watching.write('token', 'first');
		watching.write('ca.crt', authority.cert);
		const sink = watching.follow('payments');
		await watched();
		watching.write('token', 'second');
		cut();
		await waitFor('another watch', () => kube.api.requests.length === 3 && kube.api.watches.size === 1);
		for (const watch of kube.api.watches) watch.send('BOOKMARK', { metadata: { resourceVersion: '100' } });
		await waitFor('the bookmark', () => [...kube.api.watches].every(({ waiting }) => waiting === 0));
		late = 60_000;
		cut();
		await waitFor('another watch', () => kube.api.requests.length > 3 && kube.api.watches.size === 1);
		const shown = kube.api.requests.map(({ authorization }) => authorization.slice('Bearer '.length));
		expect(shown.slice(0, 4)).toEqual(['first', 'first', 'first', 'second']);
		expect(sink.failures).toEqual([]);
	});

	it('that is turned down again and again is told; a good one helps at once', async () => {
		const watching = begin('old');
		const sink = watching.follow('payments');
		await sink.waitForFailure(/401 Unauthorized/);
		watching.write('token', 'first');
		await sink.waitForAddresses('10.1.0.1:8080');
	});

	it('that is missing is told, and found when it comes', async () => {
		tokens.clear();
		tokens.add('first');
		const watching = kube.begin({ scheme: 'https' });
		const sink = watching.follow('payments');
		await sink.waitForFailure(/no token of a service account .*ENOENT/);
		expect(kube.api.requests).toEqual([]);
		watching.write('ca.crt', authority.cert);
		watching.write('token', 'first');
		await sink.waitForAddresses();
	});
});

describe('the certificates', () => {
	it('of somebody else are not trusted, and no token is shown; the right ones help at once', async () => {
		const watching = begin('first', stranger.cert);
		const sink = watching.follow('payments');
		await sink.waitForFailure(/certificate/);
		expect(kube.api.requests).toEqual([]);
		watching.write('ca.crt', authority.cert);
		await sink.waitForAddresses('10.1.0.1:8080');
	});

	it('without a file are the ones of the system', async () => {
		const watching = kube.begin({ scheme: 'https' });
		watching.write('token', 'first');
		await watching.follow('payments').waitForFailure(/certificate/);
		expect(kube.api.requests).toEqual([]);
	});
});

describe('the environment names the API', () => {
	const cases: readonly (readonly [Record<string, string>, unknown])[] = [
		[{}, null],
		[{ KUBERNETES_SERVICE_HOST: '' }, null],
		[
			{ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' },
			{ origin: 'https://10.96.0.1:6443', folder: '/var/run/secrets/kubernetes.io/serviceaccount', family: 'IPv4' },
		],
		[
			{ KUBERNETES_SERVICE_HOST: 'fd00::1' },
			{ origin: 'https://[fd00::1]:443', folder: '/var/run/secrets/kubernetes.io/serviceaccount', family: 'IPv6' },
		],
	];
	it.each(cases)('%j', (environment, access) => {
		expect(clusterAccess(environment)).toEqual(access);
	});

	it('and a folder may be given', () => {
		expect(clusterAccess({ KUBERNETES_SERVICE_HOST: 'localhost' }, '/tmp/account')?.folder).toBe('/tmp/account');
	});
});
