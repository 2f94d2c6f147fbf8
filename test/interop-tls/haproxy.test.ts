/** HAProxy on either side of a sidecar, with mutual TLS between them. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityFiles } from '../support/pki.ts';
import { ask, Mesh, mutual, ORDERS_HOST, PAYMENTS, WEB, WEB_HOST } from './mesh.ts';
import { find, freePorts, PeerServer } from './programs.ts';

const haproxy = find('haproxy');
/** What HAProxy tells of the certificate that it was shown: 1 where the session was resumed, who, and its hash. */
const TELLS = '%[ssl_fc_protocol] %[ssl_fc_is_resumed] %[ssl_c_verify] %[ssl_c_s_dn] %[ssl_c_sha1,hex]';
const UNAVAILABLE = 503;
const HEAD = `global
  nbthread 1
  tune.ssl.default-dh-param 2048
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  retries 0
  http-reuse never
`;

/** Certificate and key in one file, as HAProxy wants them. */
function pairFile(peer: PeerServer, name: string, { certificate, key }: IdentityFiles): string {
	return peer.write(name, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
}

async function start(peer: PeerServer, sections: readonly string[], ports: readonly number[]): Promise<void> {
	const file = peer.write('haproxy.cfg', HEAD + sections.join(''));
	await peer.start(haproxy.command, ['-db', '-f', file], ports);
}

interface Caller {
	readonly identity: IdentityFiles;
	/** DNS name that it asks for and expects. */
	readonly host?: string;
	readonly options?: string;
}

describe.skipIf(haproxy.missing !== '')(`HAProxy as a client${haproxy.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	let ports: Record<string, number>;
	beforeAll(async () => {
		mesh = await Mesh.make();
		await mesh.start();
		peer = new PeerServer();
		const { web, stranger } = mesh;
		const callers: Record<string, Caller> = {
			'TLSv1.2': { identity: web, options: 'force-tlsv12' },
			'TLSv1.3': { identity: web, options: 'force-tlsv13' },
			forgetful: { identity: web, options: 'no-ssl-reuse' },
			alpn: { identity: web, options: 'alpn h2,http/1.1' },
			stranger: { identity: { ...stranger, trustBundle: web.trustBundle } },
			unbelieving: { identity: { ...web, trustBundle: stranger.trustBundle } },
			elsewhere: { identity: web, host: 'payments.shop.svc' },
		};
		ports = await freePorts(...Object.keys(callers));
		const sections = Object.entries(callers).map(([name, caller]) => {
			const { identity, host = ORDERS_HOST, options = '' } = caller;
			const trust = `crt ${pairFile(peer, `${name}.pem`, identity)} ca-file ${identity.trustBundle} verify required`;
			return `listen ${name}
  bind 127.0.0.1:${ports[name]}
  server s 127.0.0.1:${mesh.port} ssl ${trust} sni str(${host}) ${options}
`;
		});
		await start(peer, sections, Object.values(ports));
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop()]));

	const askBy = (name: string) => ask(ports[name] ?? 0, { host: ORDERS_HOST });

	it.each(['TLSv1.2', 'TLSv1.3'])('is believed, and goes on with a session of %s', async (version) => {
		await mesh.expectBelieved(['ok', 'resumed', 'resumed'], () => askBy(version));
	});

	it('that keeps no session is believed each time', async () => {
		for (let n = 0; n < 2; n++) expect((await askBy('forgetful')).status).toBe(200);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 2 });
	});

	it('that would rather speak HTTP/2 is told by ALPN that this is HTTP/1.1', async () => {
		expect((await askBy('alpn')).status).toBe(200);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
	});

	it.each([
		['stranger', 'untrusted'],
		['unbelieving', 'refused_by_peer'],
		// Its alert is `handshake_failure`, which says nothing of a certificate.
		['elsewhere', 'protocol'],
	])('gets no further where one of us does not believe the other: %s', async (name, code) => {
		const requests = mesh.app.requests.length;
		expect((await askBy(name)).status).toBeGreaterThanOrEqual(500);
		const lines = await mesh.refusals();
		for (const line of lines) expect(line).toMatchObject({ level: 'warn', code, peer: '127.0.0.1' });
		expect(await mesh.handshakes('inbound')).toEqual({ [code]: lines.length });
		expect(mesh.app.requests.length).toBe(requests);
	});
});

describe.skipIf(haproxy.missing !== '')(`HAProxy as a server${haproxy.missing}`, () => {
	let mesh: Mesh;
	let peer: PeerServer;
	beforeAll(async () => {
		mesh = await Mesh.make();
		const { web, stranger } = mesh;
		const ports = await freePorts('tls12', 'tls13', 'stranger', 'choosy12', 'choosy13');
		const services = {
			tls12: mutual('tls12', ports.tls12, WEB),
			tls13: mutual('tls13', ports.tls13, WEB),
			web: mutual(WEB_HOST, ports.tls13, WEB_HOST),
			elsewhere: mutual('elsewhere', ports.tls13, PAYMENTS),
			stranger: mutual('stranger', ports.stranger, WEB),
			choosy12: mutual('choosy12', ports.choosy12, WEB),
			choosy13: mutual('choosy13', ports.choosy13, WEB),
		};
		const choosy = { ...web, trustBundle: stranger.trustBundle };
		const servers: [keyof typeof ports, IdentityFiles, string][] = [
			['tls12', web, 'force-tlsv12'],
			['tls13', web, 'force-tlsv13'],
			['stranger', stranger, ''],
			['choosy12', choosy, 'force-tlsv12'],
			['choosy13', choosy, 'force-tlsv13'],
		];
		peer = new PeerServer();
		const sections = servers.map(([name, identity, options]) => {
			const trust = `crt ${pairFile(peer, `${name}.pem`, identity)} ca-file ${identity.trustBundle} verify required`;
			return `frontend ${name}
  bind 127.0.0.1:${ports[name]} ssl ${trust} ${options} alpn h2,http/1.1
  option httpclose
  http-request return status 200 content-type text/plain lf-string '${TELLS}'
`;
		});
		await Promise.all([mesh.start({ services }), start(peer, sections, Object.values(ports))]);
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), peer.stop()]));

	it.each([
		['tls12', 'TLSv1.2'],
		['tls13', 'TLSv1.3'],
	])('knows us, also by a session that goes on: %s', async (name, version) => {
		for (const [result, resumed] of [
			['ok', 0],
			['resumed', 1],
			['resumed', 1],
		] as const) {
			const { status, body } = await mesh.call(name);
			expect(status).toBe(200);
			expect(body).toContain(`${version} ${resumed} 0 /O=Outrigger development `);
			expect(await mesh.handshakes('outbound')).toEqual({ [result]: 1 });
		}
	});

	it('is called by its DNS name', async () => {
		expect((await mesh.call(WEB_HOST)).body).toContain('TLSv1.3 0 0 ');
		expect(await mesh.handshakes('outbound')).toEqual({ ok: 1 });
	});

	it.each([
		['elsewhere', 'upstream_identity_mismatch', 'wrong_identity'],
		['stranger', 'upstream_tls_failed', 'untrusted'],
		['choosy12', 'upstream_tls_failed', 'refused_by_peer'],
	])('is told nothing where one of us does not believe the other: %s', async (name, error, result) => {
		const { status, body } = await mesh.call(name);
		expect(status).toBe(UNAVAILABLE);
		expect(JSON.parse(body)).toMatchObject({ error });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual([result]);
	});

	it('that does not take our certificate says so when our handshake with TLS 1.3 is over', async () => {
		const { status, body } = await mesh.call('choosy13');
		expect(status).toBe(UNAVAILABLE);
		// Its alert, or the closed connection that we write to before we have read that.
		expect(JSON.parse(body)).toMatchObject({ error: expect.stringMatching(/^upstream_(tls_failed|closed|reset)$/) });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual(['ok']);
	});
});
