/** One handshake, by a clock that stands still: its owner hears of exactly one end. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { HANDSHAKE_MS, Handshake } from '../../src/identity/handshake.ts';
import { clientJudge } from '../../src/identity/judges.ts';
import type { HandshakeOwner } from '../../src/io/secure.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { WEB } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';
import { contextOf, OURS } from './identity-fixture.ts';

const open: (Socket | Server)[] = [];
afterEach(() => {
	for (const each of open.splice(0)) 'destroy' in each ? each.destroy() : each.close();
});

class Owner implements HandshakeOwner {
	readonly ends: string[] = [];
	bytes = '';

	onSecure(socket: Socket, peer: { principal: string }, result: string) {
		this.ends.push(`${result} ${peer.principal}`);
		open.push(socket);
		socket.resume();
		return {
			onBytes: (buffer: Buffer, length: number): void => {
				this.bytes += buffer.toString('latin1', 0, length);
			},
		};
	}

	onRefused({ fault }: { fault: string }): void {
		this.ends.push(fault);
	}
}

/** The server's half of a connection, in a handshake, and the client that has only connected. */
async function greeted(isShared: boolean) {
	const abilities = { readsShared: isShared, writesDirectly: isShared };
	const timers = new ManualTimers(new ManualClock());
	const owner = new Owner();
	const judge = clientJudge({ takesAnonymous: false, ownId: OURS, trustDomains: new Set(['mesh.local']) });
	const terms = { context: contextOf(OURS), judge, forget: () => undefined };
	const [raw, client] = await new Promise<[Socket, Socket]>((resolve) => {
		const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => resolve([socket, near]));
		let near: Socket;
		open.push(server);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			near = dial(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
			near.on('error', () => undefined);
		});
	});
	open.push(raw, client);
	const handshake = Handshake.accept({ raw, abilities, timers }, terms, null, owner);
	return { handshake, timers, owner, raw, client };
}

describe.each([true, false])('a handshake (shared reads: %s)', (isShared) => {
	it('that goes well is over, and bytes go to whom the owner says', async () => {
		const { owner, timers, client } = await greeted(isShared);
		const secured = tlsConnect({ socket: client, secureContext: contextOf(WEB), rejectUnauthorized: false });
		open.push(secured);
		secured.write('hello');
		await waitFor('the bytes', () => owner.bytes === 'hello');
		expect(owner.ends).toEqual([`ok ${WEB}`]);
		expect(timers.size).toBe(0);
	});

	it('has five seconds, and not one millisecond more', async () => {
		const { owner, timers, raw } = await greeted(isShared);
		timers.advance(HANDSHAKE_MS - 1);
		expect(owner.ends).toEqual([]);
		timers.advance(1);
		expect(owner.ends).toEqual(['timeout']);
		await waitFor('the connection to be closed', () => raw.destroyed);
		expect(timers.size).toBe(0);
	});

	it('that is given up ends once', async () => {
		const { handshake, owner, timers, raw } = await greeted(isShared);
		handshake.cancel();
		handshake.cancel();
		timers.advance(HANDSHAKE_MS);
		await waitFor('the connection to be closed', () => raw.destroyed);
		expect(owner.ends).toEqual(['closed']);
	});

	it.each<[string, (client: Socket) => void, string]>([
		['ends', (client) => client.end(), 'closed'],
		['is reset', (client) => client.resetAndDestroy(), 'closed'],
		['speaks plaintext', (client) => client.write('GET / HTTP/1.1\r\n\r\n'), 'plaintext'],
		['sends an alert', (client) => client.write(Buffer.from('15030100020246', 'hex')), 'protocol'],
	])('of a client that %s ends once', async (_name, act, end) => {
		const { owner, timers, client, raw } = await greeted(isShared);
		act(client);
		await waitFor('the end', () => owner.ends.length > 0);
		await waitFor('the connection to be closed', () => raw.destroyed);
		timers.advance(HANDSHAKE_MS);
		expect(owner.ends).toEqual([end]);
		expect(timers.size).toBe(0);
	});
});
