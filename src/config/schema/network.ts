/** Networks of IP addresses: `10.0.0.0/8`, or one address alone. */
import * as z from 'zod';
import { isIpv4, isIpv6 } from '../../http/authority.ts';
import { fault, fieldFacts } from './field.ts';

export interface Network {
	readonly address: string;
	/** Length of the prefix. */
	readonly bits: number;
}

const IPV4_BITS = 32;
const IPV6_BITS = 128;
const GROUP_BITS = 16;
const GROUPS = 8;
const EXPECTED = 'a network such as `10.0.0.0/8` or `fd00::/8`, or an address';
/** Where IPv4 addresses stand among those of IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0xffff] as const;

/** The network, or what is wrong with the text. */
function parseNetwork(text: string): Network | string {
	const slash = text.indexOf('/');
	const address = slash < 0 ? text : text.slice(0, slash);
	const isV4 = isIpv4(address);
	if (!isV4 && !isIpv6(address)) return slash < 0 ? 'is not an address' : 'is not a network';
	const most = isV4 ? IPV4_BITS : IPV6_BITS;
	const written = slash < 0 ? String(most) : text.slice(slash + 1);
	if (!/^(0|[1-9][0-9]{0,2})$/.test(written) || Number(written) > most) {
		return `has a prefix that is no number from 0 to ${most}`;
	}
	const bits = Number(written);
	const words = isV4 ? wordsOfIpv4(address) : wordsOfIpv6(address);
	// The connection's other end is never told in this form.
	if (!isV4 && bits >= MAPPED_PREFIX.length * GROUP_BITS && MAPPED_PREFIX.every((word, i) => words[i] === word)) {
		return 'is an IPv4 address in the form of IPv6';
	}
	return hasBitsFrom(words, bits)
		? 'has an address with bits beyond its prefix'
		: { address: address.toLowerCase(), bits };
}

/** In words of 16 bits. */
function wordsOfIpv4(address: string): number[] {
	const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
	return [a * 256 + b, c * 256 + d];
}

function wordsOfIpv6(address: string): number[] {
	const [head = '', tail = ''] = address.split('::');
	const first = wordsOfGroups(head);
	const last = wordsOfGroups(tail);
	const gap = address.includes('::') ? GROUPS - first.length - last.length : 0;
	return [...first, ...Array.from({ length: gap }, () => 0), ...last];
}

function wordsOfGroups(text: string): number[] {
	const groups = text === '' ? [] : text.split(':');
	return groups.flatMap((group) => (group.includes('.') ? wordsOfIpv4(group) : [Number.parseInt(group, 16)]));
}

function hasBitsFrom(words: readonly number[], bits: number): boolean {
	return words.some((word, index) => {
		const kept = Math.min(GROUP_BITS, Math.max(0, bits - index * GROUP_BITS));
		return (word & (0xffff >> kept)) !== 0;
	});
}

export const network = z
	.string()
	.transform((input, context): Network => {
		const result = parseNetwork(input);
		if (typeof result !== 'string') return result;
		context.issues.push(fault(input, result, { expected: EXPECTED }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a network',
		expected: EXPECTED,
		type: 'text',
		input: { type: 'string', pattern: '^[0-9a-fA-F:.]+(/[0-9]{1,3})?$' },
		render: ({ address, bits }: Network) =>
			bits === (address.includes(':') ? IPV6_BITS : IPV4_BITS) ? address : `${address}/${bits}`,
	});

/** For lists without repetitions; the value may be malformed. */
export function identityOfNetwork(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('address' in value && 'bits' in value)) return value;
	return `${String(value.address)}/${String(value.bits)}`;
}
