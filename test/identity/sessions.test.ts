/** Sessions: what may be resumed, and until when. */
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate, names, uri } from '../support/pki/certificate.ts';
import { authority, LEAF_PROFILE, testPki, WEB } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerOf, contextOf, GET, IdentityFixture, OURS, speakTls } from './identity-fixture.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

let fixture: IdentityFixture;
beforeAll(async () => {
	fixture = await IdentityFixture.make();
	await fixture.start({ mode: 'strict' });
});
afterAll(() => fixture.stop());

/** One request over a connection of its own; the session that comes with it, and how the handshake ended. */
async function ask(secureContext: SecureContext, session: Buffer | null) {
	fixture.forget();
	const client = speakTls(await fixture.dial(), secureContext, session === null ? {} : { session });
	let ticket: Buffer | null = null;
	client.on('session', (given: Buffer) => {
		ticket = given;
	});
	client.write(GET);
	const { received } = await answerOf(client);
	await waitFor('a result', () => fixture.results.inbound.length === 1);
	client.destroy();
	return {
		isServed: received.startsWith('HTTP/1.1 200 '),
		ticket: ticket as Buffer | null,
		result: fixture.results.inbound[0],
	};
}

/** Who writes to it writes each byte of the first message in a turn of the event loop of its own. */
function byteByByte(socket: Socket): Socket {
	let isFirst = true;
	const slow = new Duplex({
		read: () => undefined,
		write(chunk: Buffer, _encoding, done) {
			const pieces = isFirst ? [...chunk].map((byte) => Buffer.of(byte)) : [chunk];
			isFirst = false;
			const next = (): void => {
				const piece = pieces.shift();
				if (piece === undefined) return done();
				socket.write(piece, () => setImmediate(next));
			};
			next();
		},
	});
	socket.setNoDelay(true).on('data', (chunk: Buffer) => slow.push(chunk));
	return slow as unknown as Socket;
}

async function renew(texts: Partial<Record<'certificate' | 'key' | 'trustBundle', string>>): Promise<void> {
	fixture.log.length = 0;
	for (const part of ['certificate', 'key', 'trustBundle'] as const) {
		const text = texts[part];
		if (text !== undefined) writeFileSync(fixture.files[part], text);
	}
	await waitFor('the renewal', () => fixture.log.some(({ message }) => message === 'certificate renewed'));
}

describe.each(VERSIONS)('a session of %s', (version) => {
	const only = { minVersion: version, maxVersion: version };

	it('is resumed, by the same client', async () => {
		const context = contextOf(WEB, only);
		const { ticket } = await ask(context, null);
		expect(ticket).not.toBeNull();
		expect(await ask(context, ticket)).toMatchObject({ isServed: true, result: 'resumed' });
	});

	it.runIf(version === 'TLSv1.3')('is resumed again and again by a client that uses each ticket once', async () => {
		const context = contextOf(WEB, only);
		let { ticket } = await ask(context, null);
		for (let n = 0; n < 3; n++) {
			const next = await ask(context, ticket);
			expect(next).toMatchObject({ isServed: true, result: 'resumed' });
			expect(next.ticket).not.toBeNull();
			({ ticket } = next);
		}
	});

	it.runIf(version === 'TLSv1.2')('is resumed again and again with the same ticket', async () => {
		const context = contextOf(WEB, only);
		const { ticket } = await ask(context, null);
		for (let n = 0; n < 3; n++) expect(await ask(context, ticket)).toMatchObject({ result: 'resumed', ticket: null });
	});

	it('is resumed where the first bytes of a client come one by one', async () => {
		const context = contextOf(WEB, only);
		const { ticket: session } = await ask(context, null);
		fixture.forget();
		const client = speakTls(byteByByte(await fixture.dial()), context, { session: session ?? Buffer.alloc(0) });
		client.write(GET);
		expect((await answerOf(client)).received).toMatch(/^HTTP\/1\.1 200 /);
		expect(fixture.results.inbound).toEqual(['resumed']);
		client.destroy();
	});

	it('is not resumed after a renewal of our certificate', async () => {
		const context = contextOf(WEB, only);
		const { ticket } = await ask(context, null);
		const ours = testPki().leaf(OURS, { dns: ['localhost'] });
		await renew(ours);
		expect(await ask(context, ticket)).toMatchObject({ isServed: true, result: 'ok' });
	});

	it('does not let in whom the trust bundle speaks for no longer', async () => {
		const other = authority('another', []);
		const bundle = testPki().trustBundle;
		await renew({ trustBundle: bundle + other.pem });
		const leaf = certificate({ issuer: other, extensions: [...LEAF_PROFILE, names(uri(WEB))] });
		const context = createSecureContext({ cert: leaf.pem, key: leaf.keyPem, ...only });
		const { ticket, isServed } = await ask(context, null);
		expect(isServed).toBe(true);
		await renew({ trustBundle: bundle });
		expect(await ask(context, ticket)).toMatchObject({ isServed: false, result: 'untrusted' });
	});

	it('ends with the certificate that it was made with', async () => {
		const spec = { issuer: testPki().root, extensions: [...LEAF_PROFILE, names(uri(WEB))] };
		const until = 3000;
		const short = certificate({ ...spec, until });
		const endsAt = Date.now() + until;
		const context = createSecureContext({ cert: short.pem, key: short.keyPem, ...only });
		const first = await ask(context, null);
		// A resumed session has another ticket, which is as good.
		const second = await ask(context, first.ticket);
		expect(second.result).toBe('resumed');
		await waitFor('the end of the certificate', () => Date.now() > endsAt);
		expect(await ask(context, second.ticket)).toMatchObject({ isServed: false, result: 'expired' });
		// Its holder has another certificate by now, and may not know that the ticket is what is wrong.
		const next = contextOf(WEB, only);
		expect(await ask(next, second.ticket)).toMatchObject({ isServed: true, result: 'ok' });
	});

	it('of a client that was refused is worth nothing', async () => {
		const stranger = createSecureContext({ ...only });
		const { ticket, result } = await ask(stranger, null);
		expect(result).toBe('no_certificate');
		const again = await ask(stranger, ticket);
		expect(again).toMatchObject({ isServed: false, result: 'no_certificate' });
		const unknown = certificate({ extensions: [...LEAF_PROFILE, names(uri(WEB))] });
		const impostor = createSecureContext({ cert: unknown.pem, key: unknown.keyPem, ...only });
		const refused = await ask(impostor, null);
		expect(refused.result).toBe('untrusted');
		expect((await ask(impostor, refused.ticket)).isServed).toBe(false);
	});
});
