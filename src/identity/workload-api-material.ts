/**
 * What the SPIFFE Workload API says → the material of this workload. Each answer is the whole truth (§4.3, §4.4): what an
 * earlier one had and this one has not is gone.
 */
import { parseSpiffeId } from '../config/spiffe-id.ts';
import { derValues } from './der.ts';
import { isMaterial, type Material, materialOf } from './material.ts';
import type { X509Svid, X509SvidResponse } from './workload-api-message.ts';

const SCHEME = 'spiffe://';
/** Of a name that is told in an error. */
const MAX_TOLD_CHARS = 100;
/** PEM has lines of 64 characters (RFC 7468 §2). */
const LINE = /.{1,64}/g;

/** A text: why the answer is not taken over, to be said after "the answer". Nothing of a key is in it. */
export function materialIn({ svids, federatedBundles }: X509SvidResponse): Material | string {
	// The default identity (§8). Which other one would be meant by its hint, nobody has said.
	const [svid] = svids;
	if (svid === undefined) return 'has no SVID';
	const missing = missingIn(svid);
	if (missing !== '') return `has an SVID without ${missing}`;
	const id = parseSpiffeId(svid.spiffeId);
	if (!id.ok) return `has an SVID whose id ${id.reason}`;
	const certificate = pemOf(svid.certificates);
	const trustBundle = pemOf(svid.bundle);
	if (certificate === null) return 'has an SVID whose certificates are not DER';
	if (trustBundle === null) return 'has a bundle that is not DER';
	const partners = partnersIn(federatedBundles, id.trustDomain);
	if (typeof partners === 'string') return partners;
	const material = materialOf({ certificate, key: block('PRIVATE KEY', svid.key), trustBundle }, partners);
	if (!isMaterial(material)) return `has a ${PARTS[material.part]} that ${material.reason}`;
	if (material.id !== svid.spiffeId) return `has an SVID for ${told(svid.spiffeId)}, whose certificate is for another`;
	return material;
}

const PARTS = { certificate: 'certificate', key: 'key', trustBundle: 'bundle' } as const;

/** All but the hint are mandatory (§5.2.1). */
function missingIn({ spiffeId, certificates, key, bundle }: X509Svid): string {
	if (spiffeId === '') return 'an id';
	if (certificates.length === 0) return 'a certificate';
	if (key.length === 0) return 'a key';
	return bundle.length === 0 ? 'a bundle' : '';
}

/** PEM by trust domain. What is said of our own there counts for nothing: it has its bundle. */
function partnersIn(bundles: X509SvidResponse['federatedBundles'], own: string): Map<string, string> | string {
	const partners = new Map<string, string>();
	for (const [key, der] of bundles) {
		// By its id, says the specification; some agents have left the scheme out.
		const id = parseSpiffeId(key.startsWith(SCHEME) ? key : SCHEME + key);
		if (!id.ok || id.path !== '') return `has a federated bundle of ${told(key)}, which is no trust domain`;
		const pem = pemOf(der);
		if (pem === null) return `has a federated bundle of ${id.trustDomain} that is not DER`;
		if (id.trustDomain !== own && pem !== '') partners.set(id.trustDomain, pem);
	}
	return partners;
}

function pemOf(der: Uint8Array): string | null {
	return (
		derValues(der)
			?.map((value) => block('CERTIFICATE', value))
			.join('') ?? null
	);
}

function block(label: string, der: Uint8Array): string {
	const lines = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64').match(LINE) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function told(text: string): string {
	return JSON.stringify(text.slice(0, MAX_TOLD_CHARS));
}
