/** What the names in a certificate say, read from Node's text of them. */
import type { X509Certificate } from 'node:crypto';
import { parseSpiffeId } from '../../config/spiffe-id.ts';

const URI = 'URI:';
/** How Node writes a name that holds what separates names. No SPIFFE id is one. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** The SPIFFE ids among its names; of a certificate as it should be, one. */
export function spiffeIdsOf({ subjectAltName = '' }: X509Certificate): string[] {
	const names = subjectAltName.replace(QUOTED, '').split(', ');
	const uris = names.filter((name) => name.startsWith(URI)).map((name) => name.slice(URI.length));
	return uris.filter((uri) => parseSpiffeId(uri).ok);
}

/** The trust domain that a CA is of (X509-SVID §3.1, §4.2); `''`: it says none. */
export function trustDomainOf(authority: X509Certificate): string {
	const [id = ''] = spiffeIdsOf(authority);
	const parsed = parseSpiffeId(id);
	return parsed.ok ? parsed.trustDomain : '';
}

/** The certificates in a PEM text, in their order, whatever stands between them. */
export function blocksOf(text: string): string[] {
	return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
