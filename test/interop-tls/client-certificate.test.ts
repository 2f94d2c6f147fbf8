/** What the app is told of a client's certificate, beside what Envoy tells its own of the same one. */
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate, dns, names, uri } from '../support/pki/certificate.ts';
import { type Identity, LEAF_PROFILE, Pki } from '../support/pki.ts';
import type { RecordingOrigin } from '../support/recording-origin.ts';
import { cluster, envoyArgs, envoyConf, listener } from './envoy-conf.ts';
import { Mesh, ORDERS, startTeller, WEB } from './mesh.ts';
import { find, freePorts, PeerServer } from './programs.ts';

const envoy = find('envoy');
const pki = new Pki();

function leaf(commonName: string, ...hosts: readonly string[]): Identity {
	const extensions = [...LEAF_PROFILE, names(uri(WEB), ...hosts.map(dns))];
	const made = certificate({ issuer: pki.root, commonName, extensions });
	return { certificate: made.pem, key: made.keyPem };
}

/** Over a connection of its own; the server may be anybody. */
function ask(port: number, { certificate: cert, key }: Identity): Promise<string> {
	return new Promise((resolve, reject) => {
		const options = { port, host: '127.0.0.1', path: '/', cert, key, rejectUnauthorized: false, agent: false };
		const asked = request(options, (response) => {
			let body = '';
			response.setEncoding('latin1').on('data', (text: string) => {
				body += text;
			});
			response.on('end', () => resolve(body));
		});
		asked.on('error', reject).end();
	});
}

describe.skipIf(envoy.missing !== '')(`x-forwarded-client-cert${envoy.missing}`, () => {
	let mesh: Mesh;
	let origin: RecordingOrigin;
	let peer: PeerServer;
	let port = 0;
	beforeAll(async () => {
		mesh = await Mesh.make();
		origin = await startTeller();
		const orders = pki.files(pki.leaf(ORDERS));
		({ in: port } = await freePorts('in'));
		const tls = { identity: orders, peerId: WEB };
		const taking = listener({ port, cluster: 'origin', forwarding: 'SANITIZE_SET', tls });
		const calling = cluster({ name: 'origin', port: origin.port });
		peer = new PeerServer();
		const args = envoyArgs(peer.write('envoy.json', envoyConf([taking], [calling])));
		await Promise.all([mesh.start({ tls: orders }), peer.start(envoy.command, args, [port])]);
	});
	afterAll(async () => {
		await Promise.all([mesh.stop(), peer.stop(), origin.stop()]);
		pki.remove();
	});

	it.each([
		['a plain subject', leaf('web')],
		['no subject', leaf('')],
		['several DNS names', leaf('web', 'web', 'web.shop.svc', '*.web.example')],
		['blanks around a name', leaf(' web ')],
		['what separates', leaf('a,b;c=d+e')],
		['quotes', leaf('a "b" c')],
		['angle brackets and a number sign', leaf('#<web>')],
		['letters beyond ASCII', leaf('wéb 世界')],
	])('is what Envoy writes: %s', async (_, identity) => {
		const theirs = await ask(port, identity);
		expect(theirs).toMatch(/^By=\S+;Hash=[0-9a-f]{64};Subject="/);
		expect(await ask(mesh.port, identity)).toBe(theirs);
	});

	it('differs in a backslash, so that one before a quote hides it from nobody', async () => {
		const identity = leaf('a\\b');
		expect(await ask(port, identity)).toContain('Subject="CN=a\\\\b"');
		expect(await ask(mesh.port, identity)).toContain('Subject="CN=a\\5Cb"');
	});
});
