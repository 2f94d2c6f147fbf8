/** Which addresses a local TCP port is bound to, as the kernel tells it (`/proc/net/tcp`, proc(5)). Linux only. */
import { readFile } from 'node:fs/promises';

/** The state column of a listening socket (TCP_LISTEN of include/net/tcp_states.h). */
const LISTEN = '0A';
const LOOPBACK_V4_SUFFIX = '7F';
const LOOPBACK_V6 = '00000000000000000000000001000000';
const V4_MAPPED_PREFIX = '0000000000000000FFFF0000';

/** True when the port is reachable on an address that is not loopback; false also where the system does not say. */
export async function listensBeyondLoopback(port: number): Promise<boolean> {
	const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
	for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
		const table = await readFile(path, 'latin1').catch(() => '');
		for (const line of table.split('\n')) {
			const [, local = '', , state] = line.trim().split(/\s+/);
			if (state === LISTEN && local.endsWith(suffix) && !isLoopback(local.slice(0, -suffix.length))) return true;
		}
	}
	return false;
}

/** Addresses are hex words in host byte order: 127.0.0.1 reads 0100007F. */
function isLoopback(hex: string): boolean {
	if (hex.length === 8) return hex.endsWith(LOOPBACK_V4_SUFFIX);
	return hex === LOOPBACK_V6 || (hex.startsWith(V4_MAPPED_PREFIX) && hex.endsWith(LOOPBACK_V4_SUFFIX));
}
