/**
 * The ports that this process has bound itself. A connection that leads to one of them is a loop: what is sent on it
 * would come back to us as a new request, and so on for ever (RFC 9110 §7.6.3 leaves its detection to the proxy).
 *
 * The connected socket is asked, not the name: whatever a name, a literal or the system's resolver leads to, only the
 * peer's address says who will read the bytes.
 */
import type net from 'node:net';
import { networkInterfaces } from 'node:os';

/** As `net.Server.address()` has it. */
interface Bound {
	readonly address: string;
	readonly port: number;
}

export class OwnListeners {
	private readonly addresses = new Map<number, string[]>();

	add({ address, port }: Bound): void {
		const known = this.addresses.get(port);
		if (known === undefined) this.addresses.set(port, [plain(address)]);
		else known.push(plain(address));
	}

	/** Whether the other end of a connected socket is one of ours. */
	hasPeerOf(socket: net.Socket): boolean {
		const bound = this.addresses.get(socket.remotePort ?? 0);
		if (bound === undefined) return false;
		const peer = plain(socket.remoteAddress ?? '');
		return bound.some((address) => (isWildcard(address) ? isLocal(peer, socket) : address === peer));
	}
}

/** A dual-stack socket shows IPv4 addresses as ::ffff:a.b.c.d. */
function plain(address: string): string {
	return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function isWildcard(address: string): boolean {
	return address === '::' || address === '0.0.0.0';
}

function isLocal(peer: string, socket: net.Socket): boolean {
	// The kernel calls a local address from itself; where it does not, the address is one of an interface.
	if (peer.startsWith('127.') || peer === '::1' || peer === plain(socket.localAddress ?? '')) return true;
	return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === peer) ?? false);
}
