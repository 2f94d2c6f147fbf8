/** Of which address families this host has an address that others can answer to. */
import { networkInterfaces } from 'node:os';
import type { Families } from './name-lookup.ts';

/** Link-local addresses lead nowhere without a zone, which no DNS record has. */
const LINK_LOCAL = /^(?:fe[89ab][0-9a-f]:|169\.254\.)/i;

export function hostFamilies(): Families {
	const own = Object.values(networkInterfaces())
		.flatMap((all) => all ?? [])
		.filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
	return { v4: own.some(({ family }) => family === 'IPv4'), v6: own.some(({ family }) => family === 'IPv6') };
}
