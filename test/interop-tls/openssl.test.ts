/** The command-line programs of OpenSSL and curl on either side of a sidecar, by either version of TLS. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runToEnd } from '../e2e/program.ts';
import { elementOf, Mesh, mutual, ORDERS, ORDERS_HOST, PAYMENTS, WEB, WEB_HOST } from './mesh.ts';
import { find, freePorts, PeerServer } from './programs.ts';

const openssl = find('openssl');
const curl = find('curl');
const VERSIONS = [
	['1.2', '-tls1_2'],
	['1.3', '-tls1_3'],
] as const;
const GET = `GET / HTTP/1.1\r\nHost: ${ORDERS_HOST}\r\nConnection: close\r\n\r\n`;

describe.skipIf(openssl.missing !== '')(`openssl s_client${openssl.missing}`, () => {
	let mesh: Mesh;
	let sessions: PeerServer;
	beforeAll(async () => {
		mesh = await Mesh.make();
		sessions = new PeerServer();
		await mesh.start();
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), sessions.stop()]));

	/** One request; all that it prints of the handshake, and the answer. */
	async function ask(identity: Partial<Mesh['web']>, ...more: readonly string[]): Promise<string> {
		const { certificate, key } = identity;
		const shown = certificate === undefined || key === undefined ? [] : ['-cert', certificate, '-key', key];
		const { trustBundle = mesh.orders.trustBundle } = identity;
		const trust = ['-CAfile', trustBundle, '-verify_return_error', '-verify_hostname', ORDERS_HOST];
		const target = ['-connect', `127.0.0.1:${mesh.port}`, '-servername', ORDERS_HOST];
		const args = ['s_client', ...target, ...trust, ...shown, '-ign_eof', ...more];
		const { stdout, stderr } = await runToEnd(openssl.command, args, { stdin: GET });
		return stdout + stderr;
	}

	it.each(VERSIONS)('is believed by TLS %s, with ALPN, and goes on with its session', async (version, flag) => {
		const file = `${sessions.folder}/session-${version}`;
		const first = await ask(mesh.web, flag, '-alpn', 'h2,http/1.1', '-sess_out', file);
		expect(first).toContain(`New, TLSv${version}, Cipher is `);
		expect(first).toContain('ALPN protocol: http/1.1');
		expect(first).toContain('Verification: OK');
		expect(first).toContain(`\r\n\r\n${elementOf(mesh.web.certificate, ORDERS)}`);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
		const second = await ask(mesh.web, flag, '-sess_in', file);
		expect(second).toContain(`Reused, TLSv${version}, Cipher is `);
		expect(second).toContain(`\r\n\r\n${elementOf(mesh.web.certificate, ORDERS)}`);
		expect(await mesh.handshakes('inbound')).toEqual({ resumed: 1 });
	});

	it.each(VERSIONS)('that offers HTTP/2 alone by TLS %s gets no connection', async (_, flag) => {
		expect(await ask(mesh.web, flag, '-alpn', 'h2')).toContain('alert no application protocol');
		expect(await mesh.refusals()).toMatchObject([{ code: 'protocol' }]);
	});

	it.each(VERSIONS)('without a certificate is refused by TLS %s', async (_, flag) => {
		expect(await ask({}, flag)).not.toContain('HTTP/1.1 ');
		expect(await mesh.refusals()).toMatchObject([{ level: 'warn', code: 'no_certificate', peer: '127.0.0.1' }]);
		expect(await mesh.handshakes('inbound')).toEqual({ no_certificate: 1 });
	});

	it.each(VERSIONS)('with a certificate of another CA is refused by TLS %s', async (_, flag) => {
		const { trustBundle } = mesh.orders;
		expect(await ask({ ...mesh.stranger, trustBundle }, flag)).not.toContain('HTTP/1.1 ');
		expect(await mesh.refusals()).toMatchObject([{ level: 'warn', code: 'untrusted', peer: '127.0.0.1' }]);
		expect(await mesh.handshakes('inbound')).toEqual({ untrusted: 1 });
	});

	it.each(VERSIONS)('that does not believe us says so by TLS %s', async (_, flag) => {
		const { trustBundle } = mesh.stranger;
		expect(await ask({ ...mesh.web, trustBundle }, flag)).not.toContain('HTTP/1.1 ');
		expect(await mesh.refusals()).toMatchObject([{ level: 'warn', code: 'refused_by_peer' }]);
		expect(await mesh.handshakes('inbound')).toEqual({ refused_by_peer: 1 });
	});

	it.each(['-tls1', '-tls1_1'])('of an old version gets no connection: %s', async (flag) => {
		const text = await ask(mesh.web, flag, '-cipher', 'ALL:@SECLEVEL=0');
		expect(text).toContain('alert protocol version');
		expect(await mesh.refusals()).toMatchObject([{ code: 'protocol' }]);
	});
});

describe.skipIf(openssl.missing !== '')(`openssl s_server${openssl.missing}`, () => {
	let mesh: Mesh;
	const servers: PeerServer[] = [];
	beforeAll(async () => {
		mesh = await Mesh.make();
		const { web, stranger } = mesh;
		const ports = await freePorts('tls12', 'tls13', 'stranger');
		const services = {
			tls12: mutual('tls12', ports.tls12, WEB),
			tls13: mutual('tls13', ports.tls13, WEB),
			web: mutual(WEB_HOST, ports.tls13, WEB_HOST),
			elsewhere: mutual('elsewhere', ports.tls13, PAYMENTS),
			stranger: mutual('stranger', ports.stranger, WEB),
		};
		const start = async (port: number, { certificate, key, trustBundle }: Mesh['web'], flag: string) => {
			const server = new PeerServer();
			servers.push(server);
			// A page about the connection for each request; `-naccept` is not given: it goes on.
			const trust = ['-cert', certificate, '-key', key, '-CAfile', trustBundle, '-Verify', '1'];
			const args = ['s_server', '-accept', `127.0.0.1:${port}`, ...trust, '-verify_return_error', flag, '-www'];
			await server.start(openssl.command, args, [port]);
		};
		await Promise.all([
			mesh.start({ services }),
			start(ports.tls12, web, '-tls1_2'),
			start(ports.tls13, web, '-tls1_3'),
			start(ports.stranger, stranger, '-tls1_3'),
		]);
	});
	beforeEach(() => mesh.forget());
	afterAll(() => Promise.all([mesh.stop(), ...servers.map((server) => server.stop())]));

	it.each([
		['1.2', 'tls12'],
		['1.3', 'tls13'],
	])('knows us by TLS %s, also by a session that goes on', async (version, host) => {
		for (const [result, said] of [
			['ok', 'New'],
			['resumed', 'Reused'],
			['resumed', 'Reused'],
		] as const) {
			const { status, body } = await mesh.call(host);
			expect(status).toBe(200);
			expect(body).toContain(`${said}, TLSv${version}, Cipher is `);
			expect(body).toContain(`URI:${ORDERS}`);
			expect(await mesh.handshakes('outbound')).toEqual({ [result]: 1 });
		}
	});

	it('is called by its DNS name', async () => {
		expect((await mesh.call(WEB_HOST)).status).toBe(200);
		expect(await mesh.handshakes('outbound')).toEqual({ ok: 1 });
	});

	it.each([
		['elsewhere', 'upstream_identity_mismatch', 'wrong_identity'],
		['stranger', 'upstream_tls_failed', 'untrusted'],
	])('is told nothing where it is not who it should be: %s', async (name, error, result) => {
		const { status, body } = await mesh.call(name);
		expect(status).toBe(503);
		expect(JSON.parse(body)).toMatchObject({ error });
		expect(Object.keys(await mesh.handshakes('outbound'))).toEqual([result]);
	});
});

describe.skipIf(curl.missing !== '')(`curl${curl.missing}`, () => {
	let mesh: Mesh;
	beforeAll(async () => {
		mesh = await Mesh.make();
		await mesh.start();
	});
	beforeEach(() => mesh.forget());
	afterAll(() => mesh.stop());

	function ask({ certificate, key, trustBundle }: Mesh['web'], host: string, ...more: readonly string[]) {
		const shown = ['--cacert', trustBundle, '--cert', certificate, '--key', key];
		const target = ['--resolve', `${host}:${mesh.port}:127.0.0.1`, `https://${host}:${mesh.port}/`];
		return runToEnd(curl.command, ['-sS', '--noproxy', '*', '--max-time', '10', ...shown, ...more, ...target]);
	}

	it.each([
		['1.2', ['--tlsv1.2', '--tls-max', '1.2']],
		['1.3', ['--tlsv1.3']],
	])('is believed by TLS %s, and offers HTTP/2 in vain', async (_, flags) => {
		const { code, stdout } = await ask(mesh.web, ORDERS_HOST, ...flags, '--http2', '-w', ' %{http_version}');
		expect(code).toBe(0);
		expect(stdout).toBe(`${elementOf(mesh.web.certificate, ORDERS)} 1.1`);
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
	});

	it('that asks for another name sends nothing', async () => {
		const requests = mesh.app.requests.length;
		const { code, stderr } = await ask(mesh.web, 'payments.shop.svc');
		expect(code).toBe(60);
		expect(stderr).toContain('payments.shop.svc');
		// curl looks at the name when the handshake is over.
		expect(await mesh.handshakes('inbound')).toEqual({ ok: 1 });
		expect(mesh.app.requests.length).toBe(requests);
	});

	it('with a certificate of another CA is refused', async () => {
		const { code } = await ask({ ...mesh.stranger, trustBundle: mesh.orders.trustBundle }, ORDERS_HOST);
		expect(code).not.toBe(0);
		expect(await mesh.refusals()).toMatchObject([{ level: 'warn', code: 'untrusted', peer: '127.0.0.1' }]);
	});
});
