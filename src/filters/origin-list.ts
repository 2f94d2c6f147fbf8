/**
 * Which origins a CORS filter names: `scheme://host[:port]` (RFC 6454 §6.2), a `*` in the host for any number of labels,
 * `*` alone for every origin. The usual port of http and https is the same as none (the Gateway API, `allowOrigins`).
 */
import { hostEnd, isAuthority } from '../http/authority.ts';

/** A name has at most 253 characters; scheme, port and the names of browser extensions fit as well. */
const MAX_ORIGIN_LENGTH = 512;
const SCHEME_END = '://';
const SCHEME = /^[a-z][a-z0-9+.-]*$/;

interface Pattern {
	/** Scheme and what stands before the `*`. */
	readonly prefix: string;
	/** What of the host stands after it. */
	readonly suffix: string;
	/** With its colon; `''`: the usual one. */
	readonly port: string;
}

export class OriginList {
	/** `*` is in the list. */
	readonly takesAll: boolean;
	readonly #exact: ReadonlySet<string>;
	readonly #patterns: readonly Pattern[];

	constructor(origins: readonly string[]) {
		const lower = origins.map((origin) => origin.toLowerCase());
		this.takesAll = lower.includes('*');
		this.#exact = new Set(lower.filter((origin) => !origin.includes('*')).map(withoutUsualPort));
		this.#patterns = lower.filter((origin) => origin.length > 1 && origin.includes('*')).map(patternOf);
	}

	/** Whether an `Origin` as a client sent it is in the list. Linear in its length; what is no origin never is. */
	has(sent: string): boolean {
		if (sent.length > MAX_ORIGIN_LENGTH) return false;
		if (sent === 'null') return this.takesAll;
		const origin = sent.toLowerCase();
		const hostStart = origin.indexOf(SCHEME_END) + SCHEME_END.length;
		if (hostStart < SCHEME_END.length || !SCHEME.test(origin.slice(0, hostStart - SCHEME_END.length))) return false;
		if (!isAuthority(origin, hostStart, origin.length)) return false;
		const known = withoutUsualPort(origin);
		return this.takesAll || this.#exact.has(known) || this.#matches(known);
	}

	#matches(origin: string): boolean {
		const patterns = this.#patterns;
		if (patterns.length === 0) return false;
		const end = portStart(origin);
		const port = origin.slice(end);
		for (let i = 0; i < patterns.length; i++) {
			const { prefix, suffix, port: wanted } = patterns[i] as Pattern;
			// The `*` stands for at least a character, so `*.a` is not `.a`.
			if (end <= prefix.length + suffix.length || port !== wanted) continue;
			if (origin.startsWith(prefix) && origin.endsWith(suffix, end)) return true;
		}
		return false;
	}
}

function withoutUsualPort(origin: string): string {
	const end = portStart(origin);
	const port = origin.slice(end);
	const isUsual =
		port === ':' ||
		(port === ':80' && origin.startsWith('http://')) ||
		(port === ':443' && origin.startsWith('https://'));
	return isUsual ? origin.slice(0, end) : origin;
}

/** The colon after the scheme is none before a port. */
function portStart(origin: string): number {
	const end = hostEnd(origin);
	return origin.startsWith(SCHEME_END, end) ? origin.length : end;
}

function patternOf(written: string): Pattern {
	const pattern = withoutUsualPort(written);
	const star = pattern.indexOf('*');
	const end = portStart(pattern);
	return { prefix: pattern.slice(0, star), suffix: pattern.slice(star + 1, end), port: pattern.slice(end) };
}
