/** What hosts(5) says: addresses of names that DNS is not asked for. */
import { isIP } from 'node:net';

/** Addresses by name, in lower case. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** A name may stand in several lines: it has all of their addresses. Lines without an address are passed over. */
export function parseHosts(text: string): Hosts {
	const hosts = new Map<string, string[]>();
	for (const line of text.split('\n')) {
		const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
		if (isIP(address) === 0) continue;
		for (const name of names) {
			const known = hosts.get(name.toLowerCase());
			if (known === undefined) hosts.set(name.toLowerCase(), [address]);
			else if (!known.includes(address)) known.push(address);
		}
	}
	return hosts;
}
