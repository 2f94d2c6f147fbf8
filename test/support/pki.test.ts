/** That the catalogue is what it says: each case is presented by a real peer to Node's TLS, in both directions. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, connect as secure, TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseSpiffeId } from '../../src/config/spiffe-id.ts';
import { type CertificateCase, peerContext } from './pki/case.ts';
import { certificateCases } from './pki/cases.ts';
import { Pki, testPki, WEB } from './pki.ts';
import { within } from './wait-for.ts';

const DEADLINE_MS = 10_000;
const CLOSED = 'closed';

const { cases, trustBundle } = certificateCases();
const isDamaged = ({ expected }: CertificateCase) => expected.asClient === 'unpresentable';
const us = testPki().leaf('spiffe://mesh.local/ns/shop/sa/orders');
const ourContext = () => createSecureContext({ cert: us.certificate, key: us.key, ca: trustBundle });

/** A pair of connected sockets: who listened, who dialed. */
async function connected(): Promise<[Socket, Socket]> {
	const { connect } = await import('node:net');
	return new Promise((resolve) => {
		const server = createServer((accepted) => {
			server.close();
			resolve([accepted, dialed]);
		});
		let dialed: Socket;
		server.listen(0, '127.0.0.1', () => {
			dialed = connect((server.address() as AddressInfo).port, '127.0.0.1');
		});
	});
}

/** What our end finds of the peer's chain: a code of Node, `''` when it is right, `closed` when no handshake came about. */
async function found(entry: CertificateCase, role: 'client' | 'server'): Promise<string> {
	const [accepted, dialed] = await connected();
	const isServer = role === 'client';
	const server = new TLSSocket(accepted, {
		isServer: true,
		requestCert: isServer,
		rejectUnauthorized: false,
		secureContext: isServer ? ourContext() : peerContext(entry),
	});
	const client = secure({
		socket: dialed,
		rejectUnauthorized: false,
		checkServerIdentity: () => undefined,
		secureContext: isServer ? peerContext(entry) : ourContext(),
	});
	const [ours, theirs] = isServer ? [server, client] : [client, server];
	const outcome = new Promise<string>((resolve) => {
		theirs.on('error', () => undefined);
		// How it closed tells no more than that it did.
		ours.once('error', () => resolve(CLOSED)).once('close', () => resolve(CLOSED));
		ours.once(isServer ? 'secure' : 'secureConnect', () => resolve(verdictOf(ours, isServer)));
	});
	const code = await within(`a handshake with ${entry.name}`, outcome, DEADLINE_MS);
	for (const socket of [server, client, accepted, dialed]) socket.destroy();
	return code;
}

function verdictOf(socket: TLSSocket, isServer: boolean): string {
	if (!isServer) return codeOf(socket.authorizationError);
	// Node fills in `authorizationError` for sockets of its own server only.
	const { ssl } = socket as TLSSocket & { ssl: { verifyError(): unknown } };
	return codeOf(ssl.verifyError());
}

function codeOf(error: unknown): string {
	if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
	return typeof error === 'string' ? error : '';
}

describe('the catalogue', () => {
	it('has each case once, and enough of each', () => {
		const names = cases.map(({ name }) => name);
		expect(new Set(names).size).toBe(names.length);
		const count = (verdict: string) => cases.filter(({ expected }) => expected.asClient === verdict).length;
		expect(count('untrusted')).toBeGreaterThanOrEqual(30);
		expect(count('unidentified')).toBeGreaterThanOrEqual(40);
		expect(count('unpresentable')).toBeGreaterThanOrEqual(10);
		expect(count('trusted')).toBeGreaterThanOrEqual(12);
	});

	const presentable = cases.filter((entry) => !isDamaged(entry)).map((entry) => ({ entry, name: entry.name }));
	describe.each(['client', 'server'] as const)('presented by a %s', (role) => {
		it.each(presentable)('$name', async ({ entry }) => {
			const verdict = role === 'client' ? entry.expected.asClient : entry.expected.asServer;
			const code = await found(entry, role);
			if (verdict !== 'untrusted') return expect(code).toBe('');
			return expect(code).toEqual(entry.expected.code === '' ? expect.stringMatching(/./) : entry.expected.code);
		});
	});

	it.each(cases.filter(isDamaged).map((entry) => ({ entry, name: entry.name })))(
		'cannot be loaded: $name',
		({ entry }) => {
			const load = () => {
				const key = createPrivateKey(entry.keyPem);
				if (!new X509Certificate(entry.chainPem).checkPrivateKey(key)) throw new Error('mismatch');
				peerContext(entry);
			};
			expect(load).toThrow();
		},
	);

	it('has an id only where it says so', () => {
		for (const { name, chainPem, expected } of cases) {
			if (expected.asClient !== 'trusted') continue;
			expect(new X509Certificate(chainPem).subjectAltName, name).toContain(`URI:${WEB}`);
		}
		expect(parseSpiffeId(WEB).ok).toBe(true);
	});
});

describe('a trust domain for tests', () => {
	it('writes an identity as the files that a route file names', () => {
		const pki = new Pki('other.local');
		const files = pki.files(pki.leaf('spiffe://other.local/a', { dns: ['a.test'], until: 60_000 }));
		const leaf = new X509Certificate(readFileSync(files.certificate));
		expect(leaf.subjectAltName).toBe('URI:spiffe://other.local/a, DNS:a.test');
		expect(leaf.verify(new X509Certificate(readFileSync(files.trustBundle)).publicKey)).toBe(true);
		expect(leaf.checkPrivateKey(createPrivateKey(readFileSync(files.key)))).toBe(true);
		expect(statSync(files.key).mode & 0o777).toBe(0o600);
		pki.remove();
		expect(existsSync(files.key)).toBe(false);
	});
});
