/** From when to when certificates are valid. */
import type { Validity } from './certificate-profile.ts';

/** Clocks of other machines may be behind by as much: a certificate is of use at once. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Ten years. A development CA that expires takes every certificate with it, on a day when nobody thinks of it. */
const AUTHORITY_TTL_MS = 3650 * 86_400_000;

export function authorityValidity(now: Date): Validity {
	return { notBefore: before(now), notAfter: inSeconds(now.getTime() + AUTHORITY_TTL_MS) };
}

/** Ends with its CA at the latest: a chain is valid as long as all of it is. */
export function leafValidity(now: Date, ttlMs: number, authorityEnds: Date): Validity {
	const ends = Math.min(now.getTime() + ttlMs, authorityEnds.getTime());
	return { notBefore: before(now), notAfter: inSeconds(ends) };
}

function before(now: Date): Date {
	return inSeconds(now.getTime() - CLOCK_SKEW_MS);
}

/** Certificates know no fractions of a second (RFC 5280 §4.1.2.5). */
function inSeconds(millis: number): Date {
	return new Date(Math.floor(millis / 1000) * 1000);
}
