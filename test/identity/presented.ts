/** Certificates as one side of a real handshake sees those of the other: with what was sent beside them. */
import type { X509Certificate } from 'node:crypto';
import type net from 'node:net';
import tls from 'node:tls';
import type { Certified } from '../support/pki/certificate.ts';

export interface Presented {
	readonly certificate: X509Certificate;
	/** What OpenSSL says of it; `null`: nothing against it. */
	readonly fault: Error | null;
}

/** `chain`: the leaf first. `ca`: what is believed. */
export async function present(chain: readonly Certified[], ca: readonly Certified[]): Promise<Presented> {
	const [leaf] = chain;
	if (leaf === undefined) throw new Error('there is no leaf');
	const cert = chain.map(({ pem }) => pem).join('');
	const server = tls.createServer({ cert, key: leaf.keyPem });
	server.on('tlsClientError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as net.AddressInfo;
	const client = tls.connect({
		port,
		host: '127.0.0.1',
		ca: ca.map(({ pem }) => pem),
		rejectUnauthorized: false,
		checkServerIdentity: () => undefined,
	});
	try {
		await new Promise<void>((resolve, reject) => client.on('secureConnect', resolve).on('error', reject));
		const certificate = client.getPeerX509Certificate();
		if (certificate === undefined) throw new Error('no certificate was shown');
		return { certificate, fault: client.authorized ? null : (client.authorizationError as unknown as Error) };
	} finally {
		client.destroy();
		server.close();
	}
}
