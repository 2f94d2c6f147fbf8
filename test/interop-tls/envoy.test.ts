/** Envoy on either side of a sidecar, with mutual TLS between them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RecordingOrigin } from '../support/recording-origin.ts';
import { cluster, envoyArgs, envoyConf, type Forwarding, listener, type Trust } from './envoy-conf.ts';
import { ask, elementOf, Mesh, mutual, ORDERS, ORDERS_HOST, PAYMENTS, startTeller, WEB, WEB_HOST } from './mesh.ts';
import { find, freePorts, PeerServer } from './programs.ts';

const envoy = find('envoy');
const SPOOFED = 'By=spiffe://mesh.local/x;Hash=00;Subject="";URI=spiffe://mesh.local/ns/shop/sa/admin';
/** Of what Envoy says of a call that came to nothing. */
const UNAVAILABLE = 503;

describe.skipIf(envoy.missing !== '')(`Envoy as a client${envoy.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	let ports: Record<string, number>;
	beforeAll(async () => {
		mesh = await Mesh.make();
		await mesh.start();
		const { web, stranger, orders } = mesh;
		// A stranger that believes us, so that it is we who refuse.
		const known = { ...stranger, trustBundle: orders.trustBundle };
		const callers: Record<string, { tls: Trust; forwarding?: Forwarding }> = {
			plain: { tls: { identity: web, peerId: ORDERS } },
			tls12: { tls: { identity: web, peerId: ORDERS, version: 'TLSv1_2' } },
			tls13: { tls: { identity: web, peerId: ORDERS, version: 'TLSv1_3' } },
			h2: { tls: { identity: web, peerId: ORDERS, alpn: ['h2', 'http/1.1'] } },
			spiffe: { tls: { identity: web, peerId: ORDERS, trustDomain: 'mesh.local' } },
			forwarding: { tls: { identity: web, peerId: ORDERS }, forwarding: 'ALWAYS_FORWARD_ONLY' },
			stranger: { tls: { identity: known, peerId: ORDERS } },
			stranger12: { tls: { identity: known, peerId: ORDERS, version: 'TLSv1_2' } },
			elsewhere: { tls: { identity: web, peerId: PAYMENTS } },
			unbelieving: { tls: { identity: { ...web, trustBundle: stranger.trustBundle }, peerId: ORDERS } },
		};
		ports = await freePorts(...Object.keys(callers));
		const listeners = Object.entries(callers).map(([name, { forwarding = 'SANITIZE' }]) =>
			listener({ port: ports[name] ?? 0, cluster: name, forwarding }),
		);
		const clusters = Object.entries(callers).map(([name, { tls }]) =>
			cluster({ name, port: mesh.port, tls, sni: ORDERS_HOST }),
		);
		peer = new PeerServer();
		const args = envoyArgs(peer.write('envoy.json', envoyConf(listeners, clusters)));
		await peer.start(envoy.command, args, Object.values(ports));
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop()]));

	/** Through Envoy. */
	const askBy = (name: string, headers = {}) => ask(ports[name] ?? 0, { host: ORDERS_HOST, headers });

	it('is believed, and the app is told who it is', async () => {
		const { status, body } = await askBy('plain');
		expect(status).toBe(200);
		expect(body).toBe(elementOf(mesh.web.certificate, ORDERS));
		expect(body).toMatch(
			/^By=\S+;Hash=[0-9a-f]{64};Subject="O=Outrigger development";URI=spiffe:\/\/mesh\.local\/ns\/shop\/sa\/web;DNS=web\.shop\.svc$/,
		);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
	});

	it.each(['tls12', 'tls13'])('goes on with a session: %s', async (version) => {
		for (const result of ['ok', 'resumed', 'resumed', 'resumed']) {
			expect((await askBy(version)).body).toBe(elementOf(mesh.web.certificate, ORDERS));
			expect(await mesh.handshakes('inbound')).toEqual({ [result]: 1 });
		}
	});

	it('that would rather speak HTTP/2 is told by ALPN that this is HTTP/1.1', async () => {
		expect(await askBy('h2')).toMatchObject({ status: 200 });
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
	});

	it('with its own validator of SPIFFE ids believes us', async () => {
		expect(await askBy('spiffe')).toMatchObject({ status: 200, body: elementOf(mesh.web.certificate, ORDERS) });
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
	});

	it('passes nothing on that somebody else has written about certificates', async () => {
		const { body } = await askBy('plain', { 'x-forwarded-client-cert': SPOOFED });
		expect(body).toBe(elementOf(mesh.web.certificate, ORDERS));
	});

	it('that is told to pass on what others have written has its own element last', async () => {
		const { body } = await askBy('forwarding', { 'x-forwarded-client-cert': SPOOFED });
		expect(body).toBe(`${SPOOFED},${elementOf(mesh.web.certificate, ORDERS)}`);
		expect((await mesh.sidecar.untilLines('access', 1)).at(-1)).toMatchObject({ principal: WEB });
	});

	it.each(['stranger', 'stranger12'])('with a certificate of another CA is refused: %s', async (name) => {
		const requests = mesh.app.requests.length;
		expect((await askBy(name)).status).toBe(UNAVAILABLE);
		const lines = await mesh.refusals();
		for (const line of lines) expect(line).toMatchObject({ level: 'warn', code: 'untrusted', peer: '127.0.0.1' });
		expect(await mesh.handshakes('inbound')).toEqual({ untrusted: lines.length });
		expect(mesh.app.requests.length).toBe(requests);
	});

	it.each(['elsewhere', 'unbelieving'])('that does not believe us gets no further: %s', async (name) => {
		const requests = mesh.app.requests.length;
		expect((await askBy(name)).status).toBe(UNAVAILABLE);
		const lines = await mesh.refusals();
		for (const line of lines) expect(line).toMatchObject({ level: 'warn', code: 'refused_by_peer' });
		expect(await mesh.handshakes('inbound')).toEqual({ refused_by_peer: lines.length });
		expect(mesh.app.requests.length).toBe(requests);
	});
});

describe.skipIf(envoy.missing !== '')(`Envoy as a server${envoy.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	/** Behind Envoy: answers with what Envoy says of our certificate. */
	let origin: RecordingOrigin;
	beforeAll(async () => {
		mesh = await Mesh.make();
		origin = await startTeller();
		const { web, stranger } = mesh;
		const servers: Record<string, Trust | undefined> = {
			tls12: { identity: web, peerId: ORDERS, version: 'TLSv1_2' },
			tls13: { identity: web, peerId: ORDERS, version: 'TLSv1_3' },
			h2: { identity: web, peerId: ORDERS, alpn: ['h2', 'http/1.1'] },
			spiffe: { identity: web, peerId: ORDERS, trustDomain: 'mesh.local' },
			stranger: { identity: stranger, peerId: ORDERS },
			choosy12: { identity: web, peerId: PAYMENTS, version: 'TLSv1_2' },
			choosy13: { identity: web, peerId: PAYMENTS, version: 'TLSv1_3' },
			plaintext: undefined,
		};
		const ports = await freePorts(...Object.keys(servers));
		const services: Record<string, object> = {};
		for (const [name, port] of Object.entries(ports)) services[name] = mutual(name, port, WEB);
		services.elsewhere = mutual('elsewhere', ports.tls13 ?? 0, PAYMENTS);
		services.byName = mutual(WEB_HOST, ports.tls13 ?? 0, WEB_HOST);
		const listeners = Object.entries(servers).map(([name, tls]) =>
			listener({
				port: ports[name] ?? 0,
				cluster: 'origin',
				forwarding: 'SANITIZE_SET',
				...(tls !== undefined && { tls }),
			}),
		);
		peer = new PeerServer();
		const file = peer.write('envoy.json', envoyConf(listeners, [cluster({ name: 'origin', port: origin.port })]));
		await Promise.all([mesh.start({ services }), peer.start(envoy.command, envoyArgs(file), Object.values(ports))]);
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop(), origin.stop()]));

	it.each(['tls12', 'tls13'])('tells its origin who we are, also by a session that goes on: %s', async (version) => {
		for (const result of ['ok', 'resumed', 'resumed']) {
			const { status, body } = await mesh.call(version);
			expect(status).toBe(200);
			expect(body).toBe(elementOf(mesh.orders.certificate, WEB));
			expect(await mesh.handshakes('outbound')).toEqual({ [result]: 1 });
		}
	});

	it.each(['h2', 'spiffe', WEB_HOST])('is called: %s', async (name) => {
		expect(await mesh.call(name)).toMatchObject({ status: 200, body: elementOf(mesh.orders.certificate, WEB) });
		expect(await mesh.handshakes('outbound')).toEqual({ ok: 1 });
	});

	it.each([
		['elsewhere', 'upstream_identity_mismatch', 'wrong_identity'],
		['stranger', 'upstream_tls_failed', 'untrusted'],
		['choosy12', 'upstream_tls_failed', 'refused_by_peer'],
		['plaintext', 'upstream_tls_failed', 'plaintext'],
	])('is told nothing where it is not who it should be: %s', async (name, code, result) => {
		const requests = origin.requests.length;
		const { status, body } = await mesh.call(name);
		expect(status).toBe(503);
		expect(JSON.parse(body)).toMatchObject({ error: code });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual([result]);
		expect(origin.requests.length).toBe(requests);
	});

	it('that does not take our certificate says so when our handshake with TLS 1.3 is over', async () => {
		const requests = origin.requests.length;
		const { status, body } = await mesh.call('choosy13');
		expect(status).toBe(503);
		// Its alert, or the closed connection that we write to before we have read that.
		expect(JSON.parse(body)).toMatchObject({ error: expect.stringMatching(/^upstream_(tls_failed|closed|reset)$/) });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual(['ok']);
		expect(origin.requests.length).toBe(requests);
	});
});
