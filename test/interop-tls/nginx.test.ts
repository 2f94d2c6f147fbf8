/** nginx on either side of a sidecar, with mutual TLS between them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nginxConf } from '../../bench/load/nginx-conf.ts';
import type { IdentityFiles } from '../support/pki.ts';
import { ask, Mesh, mutual, ORDERS_HOST, PAYMENTS, WEB, WEB_HOST } from './mesh.ts';
import { find, freePorts, PeerServer } from './programs.ts';

const nginx = find('nginx');
/** What nginx tells of the certificate that it was shown. */
const TELLS = '$ssl_client_verify $ssl_protocol $ssl_session_reused $ssl_client_s_dn $ssl_client_fingerprint';
const BAD_GATEWAY = 502;

interface Caller {
	readonly identity: IdentityFiles;
	/** DNS name that it expects of us. */
	readonly host?: string;
	readonly version?: string;
	readonly reuses?: boolean;
}

function callingServer(port: number, target: number, caller: Caller): string {
	const { identity, host = ORDERS_HOST, version = 'TLSv1.2 TLSv1.3', reuses = true } = caller;
	// Without an upstream of its own it would go on with the sessions of others that call the same address.
	return `upstream of-${port} { server 127.0.0.1:${target}; }
	server {
		listen 127.0.0.1:${port};
		location / {
			proxy_pass https://of-${port};
			proxy_set_header Host $host;
			proxy_ssl_certificate ${identity.certificate}; proxy_ssl_certificate_key ${identity.key};
			proxy_ssl_trusted_certificate ${identity.trustBundle}; proxy_ssl_verify on;
			proxy_ssl_name ${host}; proxy_ssl_server_name on;
			proxy_ssl_protocols ${version}; proxy_ssl_session_reuse ${reuses ? 'on' : 'off'};
		}
	}`;
}

/** Ends each connection, so that the next one shows whether the session is resumed. */
function calledServer(port: number, identity: IdentityFiles, version: string): string {
	return `server {
		listen 127.0.0.1:${port} ssl; server_name ${WEB_HOST}; keepalive_timeout 0;
		ssl_certificate ${identity.certificate}; ssl_certificate_key ${identity.key};
		ssl_client_certificate ${identity.trustBundle}; ssl_verify_client on; ssl_protocols ${version};
		location / { return 200 "${TELLS}"; }
	}`;
}

async function start(peer: PeerServer, servers: readonly string[], ports: readonly number[]): Promise<void> {
	const file = peer.write('nginx.conf', nginxConf(peer.folder, servers.join('\n')));
	await peer.start(nginx.command, ['-p', peer.folder, '-c', file], ports);
}

describe.skipIf(nginx.missing !== '')(`nginx as a client${nginx.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	let ports: Record<string, number>;
	beforeAll(async () => {
		mesh = await Mesh.make();
		await mesh.start();
		const { web, stranger } = mesh;
		const callers: Record<string, Caller> = {
			'TLSv1.2': { identity: web, version: 'TLSv1.2' },
			'TLSv1.3': { identity: web, version: 'TLSv1.3' },
			forgetful: { identity: web, reuses: false },
			stranger: { identity: { ...stranger, trustBundle: web.trustBundle } },
			unbelieving: { identity: { ...web, trustBundle: stranger.trustBundle } },
			elsewhere: { identity: web, host: 'payments.shop.svc' },
		};
		ports = await freePorts(...Object.keys(callers));
		peer = new PeerServer();
		const servers = Object.entries(callers).map(([name, caller]) => callingServer(ports[name] ?? 0, mesh.port, caller));
		await start(peer, servers, Object.values(ports));
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop()]));

	const askBy = (name: string) => ask(ports[name] ?? 0, { host: ORDERS_HOST });

	it.each(['TLSv1.2', 'TLSv1.3'])('is believed, and goes on with a session of %s', async (version) => {
		await mesh.expectBelieved(['ok', 'resumed', 'resumed', 'resumed'], () => askBy(version));
	});

	it('that keeps no session is believed each time', async () => {
		for (let n = 0; n < 2; n++) expect((await askBy('forgetful')).status).toBe(200);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 2 });
	});

	it('with a certificate of another CA is refused', async () => {
		const requests = mesh.app.requests.length;
		expect((await askBy('stranger')).status).toBe(BAD_GATEWAY);
		const refusal = { level: 'warn', code: 'untrusted', peer: '127.0.0.1' };
		expect(await mesh.refusals()).toMatchObject([refusal]);
		expect(await mesh.handshakes('inbound')).toEqual({ untrusted: 1 });
		expect(mesh.app.requests.length).toBe(requests);
	});

	it.each(['unbelieving', 'elsewhere'])('that does not believe us sends nothing: %s', async (name) => {
		const requests = mesh.app.requests.length;
		expect((await askBy(name)).status).toBe(BAD_GATEWAY);
		// nginx looks at our certificate when the handshake is over.
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
		expect(mesh.app.requests.length).toBe(requests);
	});
});

describe.skipIf(nginx.missing !== '')(`nginx as a server${nginx.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	beforeAll(async () => {
		mesh = await Mesh.make();
		const { web, stranger } = mesh;
		const ports = await freePorts('tls12', 'tls13', 'stranger', 'choosy');
		const services = {
			tls12: mutual('tls12', ports.tls12, WEB),
			tls13: mutual('tls13', ports.tls13, WEB),
			web: mutual(WEB_HOST, ports.tls13, WEB_HOST),
			elsewhere: mutual('elsewhere', ports.tls13, PAYMENTS),
			otherName: mutual('other-name', ports.tls13, 'payments.shop.svc'),
			stranger: mutual('stranger', ports.stranger, WEB),
			choosy: mutual('choosy', ports.choosy, WEB),
		};
		const servers = [
			calledServer(ports.tls12, web, 'TLSv1.2'),
			calledServer(ports.tls13, web, 'TLSv1.3'),
			calledServer(ports.stranger, stranger, 'TLSv1.3'),
			calledServer(ports.choosy, { ...web, trustBundle: stranger.trustBundle }, 'TLSv1.3'),
		];
		peer = new PeerServer();
		await Promise.all([mesh.start({ services }), start(peer, servers, Object.values(ports))]);
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop()]));

	it.each([
		['tls12', 'TLSv1.2'],
		['tls13', 'TLSv1.3'],
	])('knows us, also by a session that goes on: %s', async (name, version) => {
		for (const [result, reused] of [
			['ok', '.'],
			['resumed', 'r'],
			['resumed', 'r'],
		] as const) {
			const { status, body } = await mesh.call(name);
			expect(status).toBe(200);
			expect(body).toMatch(`SUCCESS ${version} ${reused} O=Outrigger development `);
			expect(await mesh.handshakes('outbound')).toEqual({ [result]: 1 });
		}
	});

	it('is called by its DNS name', async () => {
		expect((await mesh.call(WEB_HOST)).body).toMatch(/^SUCCESS TLSv1\.3 \. /);
		expect(await mesh.handshakes('outbound')).toEqual({ ok: 1 });
	});

	it.each([
		['elsewhere', 'upstream_identity_mismatch', 'wrong_identity'],
		['other-name', 'upstream_identity_mismatch', 'wrong_identity'],
		['stranger', 'upstream_tls_failed', 'untrusted'],
	])('is told nothing where it is not who it should be: %s', async (name, error, result) => {
		const { status, body } = await mesh.call(name);
		expect(status).toBe(503);
		expect(JSON.parse(body)).toMatchObject({ error });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual([result]);
	});

	it('that does not take our certificate says so itself, by HTTP', async () => {
		const { status, body } = await mesh.call('choosy');
		expect(status).toBe(400);
		expect(body).toContain('The SSL certificate error');
	});
});
