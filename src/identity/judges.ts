/**
 * Who is believed. The chain has been verified by OpenSSL; here it is what SPIFFE adds (X509-SVID §5), and whether it is the
 * one that was meant.
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { PeerName } from '../config/identity-config.ts';
import { parseSpiffeId } from '../config/spiffe-id.ts';
import { certificateElement } from '../http/client-certificate.ts';
import type { Refusal, VerifiedPeer } from '../ports/handshake.ts';
import { namesOf } from './certificate-names.ts';
import { KeyUsage, keyUsageOf, saysCa } from './der.ts';
import { refusalOf } from './openssl-faults.ts';
import type { Judge } from './terms.ts';
import type { Vouching } from './vouching.ts';

const ANONYMOUS: VerifiedPeer = { principal: '', certificateElement: '', expiresAt: 0 };
/**
 * DER of a peer's own certificate; with a thousand names it has 20 to 40 KiB. A session is remembered with it, and OpenSSL breaks
 * the connection off where that does not fit a ticket (65280 bytes).
 */
const MAX_LEAF_BYTES = 48 * 1024;
/** Names of a certificate that are told in an error. */
const MAX_TOLD = 3;

export interface TrustScope {
	/** Trust domains that the bundles speak for; empty: any. */
	readonly trustDomains: ReadonlySet<string>;
	/** See `Material.vouching`. */
	readonly vouching?: Vouching | null;
}

export interface ClientRules extends TrustScope {
	/** Whether a client without a certificate is let in, as nobody in particular. */
	readonly takesAnonymous: boolean;
	/** Our own SPIFFE id; `''`: none. */
	readonly ownId: string;
}

/** Of clients. */
export function clientJudge({ takesAnonymous, ownId, trustDomains, vouching = null }: ClientRules): Judge {
	return (certificate, fault) => {
		if (certificate === undefined) {
			return takesAnonymous ? ANONYMOUS : { fault: 'no_certificate', detail: 'the client has shown no certificate' };
		}
		const broken = brokenBy(certificate, fault);
		if (broken !== null) return broken;
		const { uris, dnsNames } = namesOf(certificate);
		const refusal = svidRefusal(certificate, uris, trustDomains);
		if (refusal !== null) return refusal;
		const [principal = ''] = uris;
		const forged = vouching?.refusalOfId(certificate, principal) ?? null;
		if (forged !== null) return forged;
		// Absent in certificates with an empty subject, whatever the types say.
		const subject = (certificate.subject as string | undefined) ?? '';
		const parts = { by: ownId, hash: certificate.fingerprint256, subject, uris, dnsNames };
		return { principal, certificateElement: certificateElement(parts), expiresAt: expiryOf(certificate) };
	};
}

export interface ServerRules extends TrustScope {
	/** One of them it must have. Empty: any SPIFFE id of `ownDomain`. */
	readonly names: readonly PeerName[];
	/** Our own trust domain; `''`: our certificate names none. */
	readonly ownDomain: string;
}

/** Of endpoints. */
export function serverJudge({ names, ownDomain, trustDomains, vouching = null }: ServerRules): Judge {
	return (certificate, fault) => {
		if (certificate === undefined) return { fault: 'no_certificate', detail: 'the endpoint has shown no certificate' };
		const broken = brokenBy(certificate, fault);
		if (broken !== null) return broken;
		if (names.some((name) => name.type === 'dns' && isFor(certificate, name.value))) {
			return vouching?.refusalOfHost(certificate) ?? { ...ANONYMOUS, expiresAt: expiryOf(certificate) };
		}
		const { uris, dnsNames } = namesOf(certificate);
		const wanted = names.filter(({ type }) => type === 'uri');
		if (wanted.length === 0 && names.length > 0) return mismatch(names, dnsNames);
		const refusal = svidRefusal(certificate, uris, trustDomains);
		if (refusal !== null) return refusal;
		const [principal = ''] = uris;
		const forged = vouching?.refusalOfId(certificate, principal) ?? null;
		if (forged !== null) return forged;
		if (names.length === 0) {
			const stranger = strangerTo(ownDomain, principal);
			if (stranger !== null) return stranger;
		} else if (!wanted.some(({ value }) => value === principal)) return mismatch(names, uris);
		return { principal, certificateElement: '', expiresAt: expiryOf(certificate) };
	};
}

/** `null`: the id is of our own trust domain. */
function strangerTo(ownDomain: string, principal: string): Refusal | null {
	const id = parseSpiffeId(principal);
	if (id.ok && id.trustDomain === ownDomain) return null;
	const ours = ownDomain === '' ? 'of which our certificate names none' : ownDomain;
	return { fault: 'wrong_trust_domain', detail: `${principal} is not of our own trust domain, ${ours}` };
}

function brokenBy({ raw }: X509Certificate, fault: Error | null): Refusal | null {
	if (fault !== null) return refusalOf(fault);
	if (raw.length <= MAX_LEAF_BYTES) return null;
	return { fault: 'bad_certificate', detail: `the certificate has ${raw.length} bytes, more than ${MAX_LEAF_BYTES}` };
}

/** RFC 9525: a name, or an address where the endpoint is known by nothing else. */
function isFor(certificate: X509Certificate, host: string): boolean {
	if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined;
	return certificate.checkHost(host, { subject: 'never' }) !== undefined;
}

function expiryOf({ validToDate }: X509Certificate): number {
	return validToDate.getTime();
}

function mismatch(wanted: readonly PeerName[], found: readonly string[]): Refusal {
	const expected = wanted.map(({ value }) => value);
	return { fault: 'wrong_identity', detail: `the certificate is for ${told(found)}, not for ${told(expected)}` };
}

function told(names: readonly string[]): string {
	if (names.length === 0) return 'nobody';
	const shown = names.slice(0, MAX_TOLD).map((name) => name.slice(0, 256));
	return names.length > MAX_TOLD ? `${shown.join(', ')}, …` : shown.join(', ');
}

/** What makes a certificate no SVID of these trust domains; `null`: it is one. */
export function svidRefusal(
	certificate: X509Certificate,
	uris: readonly string[],
	trustDomains: ReadonlySet<string>,
): Refusal | null {
	const [uri] = uris;
	if (uri === undefined) return { fault: 'no_identity', detail: 'the certificate has no URI name' };
	if (uris.length > 1) return { fault: 'several_identities', detail: `the certificate has ${uris.length} URI names` };
	const id = parseSpiffeId(uri);
	if (!id.ok) return { fault: 'no_identity', detail: `the URI name of the certificate ${id.reason}` };
	if (id.path === '')
		return { fault: 'no_identity', detail: 'the URI name of the certificate is that of a trust domain' };
	if (saysCa(certificate.raw)) return { fault: 'wrong_usage', detail: 'the certificate is that of an authority (CA)' };
	const usage = keyUsageOf(certificate.raw);
	// X509-SVID §4.3 wants the extension to be there; many who issue certificates leave it out, and go-spiffe bears it.
	if (usage !== null && (usage & KeyUsage.digitalSignature) === 0) {
		return { fault: 'wrong_usage', detail: 'the key usage has no digitalSignature' };
	}
	if (usage !== null && (usage & (KeyUsage.keyCertSign | KeyUsage.crlSign)) !== 0) {
		return { fault: 'wrong_usage', detail: 'the key usage is that of an authority (keyCertSign, cRLSign)' };
	}
	if (trustDomains.size > 0 && !trustDomains.has(id.trustDomain)) {
		return { fault: 'wrong_trust_domain', detail: `the trust bundle does not speak for ${id.trustDomain}` };
	}
	return null;
}
