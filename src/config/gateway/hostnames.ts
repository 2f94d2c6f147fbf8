/** Hostnames of the Gateway API: precise ones, and wildcards for one or more labels at the front. */

const HOSTNAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const MAX_LENGTH = 253;
/** A top-level domain of digits is none: it is an IPv4 address (RFC 3696 §2). */
const LIKE_IPV4 = /(^|\.)[0-9]+$/;

export const EXPECTED_HOSTNAME =
	'a name such as `orders.example.com` or `*.example.com`, without port and no IP address';

export function isHostname(text: string): boolean {
	return text.length <= MAX_LENGTH && HOSTNAME.test(text) && !LIKE_IPV4.test(text);
}

/** The hostname that both stand for, which is the more specific one; `null`: they have none in common. */
export function intersect(a: string, b: string): string | null {
	const left = a.toLowerCase();
	const right = b.toLowerCase();
	if (left === right) return left;
	if (covers(left, right)) return right;
	return covers(right, left) ? left : null;
}

/** Whether a wildcard stands for everything that another hostname does. */
function covers(wildcard: string, hostname: string): boolean {
	if (!wildcard.startsWith('*.')) return false;
	const suffix = wildcard.slice(1);
	const name = hostname.startsWith('*.') ? hostname.slice(1) : hostname;
	return name.length > suffix.length && name.endsWith(suffix);
}
