/** What the names in a certificate say, read from Node's text of them. */
import type { X509Certificate } from 'node:crypto';
import { parseSpiffeId, type SpiffeId } from '../../config/spiffe-id.ts';

const URI = 'URI:';

/** Of the SPIFFE ids among its names; of a certificate as it should be, one. */
export function spiffeIdsOf(certificate: X509Certificate): string[] {
	// A name with a comma in it is quoted there, and no SPIFFE id.
	const names = (certificate.subjectAltName ?? '').split(', ');
	return names.filter((name) => name.startsWith(`${URI}spiffe://`)).map((name) => name.slice(URI.length));
}

/** The trust domain that a CA is of (X509-SVID §3.1, §4.2); `''`: it says none. */
export function trustDomainOf(authority: X509Certificate): string {
	const [id = ''] = spiffeIdsOf(authority);
	const parsed: SpiffeId = parseSpiffeId(id);
	return parsed.ok ? parsed.trustDomain : '';
}

/** Certificates of a PEM text, in their order. Throws what Node says of one that is none. */
export function blocksOf(text: string): string[] {
	return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
