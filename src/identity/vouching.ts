/**
 * Which trust domain vouches for a certificate, where the bundles of several are believed. Without it, the authority of a
 * partner could make certificates with names of ours (SPIFFE Workload API §4.6).
 *
 * Theory of operation. OpenSSL verifies with the authorities of all bundles and does not tell by which chain. So each chain
 * that it may have gone by is followed, by its own rule of who issued what and by signatures: from the leaf over what the
 * peer has sent, up to the first authority of any bundle. If all that are found belong to the trust domain in question, so
 * does the one by which OpenSSL went, and nothing of RFC 5280 need be decided here a second time. Who is vouched for by two
 * trust domains at once is refused.
 *
 * A resumed session has the leaf and nothing of what was sent with it: it is believed if the leaf has been before, under
 * these very bundles, or if an authority has signed the leaf itself.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { parseSpiffeId } from '../config/spiffe-id.ts';
import type { Refusal } from '../ports/handshake.ts';

/** Between a leaf and its root stand one or two. */
const MAX_SENT = 8;
/** Peers that are remembered, at some 200 bytes each: who is forgotten is looked at anew. */
const MAX_REMEMBERED = 4096;

interface Authority {
	readonly certificate: X509Certificate;
	readonly publicKey: KeyObject;
	/** Whose bundles it is in. */
	readonly trustDomains: Set<string>;
}

export class Vouching {
	/** Of ours: it alone vouches for names that belong to no trust domain. */
	private readonly ownDomain: string;
	private readonly authorities: readonly Authority[];
	/** Trust domains by the fingerprints of the leaves that they vouch for. In the order of their coming. */
	private readonly remembered = new Map<string, string>();

	/** `bundles`: the authorities of each trust domain, our own among them. */
	constructor(ownDomain: string, bundles: ReadonlyMap<string, readonly X509Certificate[]>) {
		this.ownDomain = ownDomain;
		this.authorities = authoritiesOf(bundles);
	}

	/** Of a certificate that OpenSSL has verified, with a valid SPIFFE id. `null`: its own trust domain vouches for it. */
	refusalOfId(certificate: X509Certificate, spiffeId: string): Refusal | null {
		const id = parseSpiffeId(spiffeId);
		return this.refusalOf(certificate, id.ok ? id.trustDomain : '');
	}

	/** The same of one that is believed by a DNS name: the bundles of others are for SPIFFE ids alone (§5.2.1). */
	refusalOfHost(certificate: X509Certificate): Refusal | null {
		return this.refusalOf(certificate, this.ownDomain);
	}

	private refusalOf(certificate: X509Certificate, trustDomain: string): Refusal | null {
		const { fingerprint256 } = certificate;
		if (this.remembered.get(fingerprint256) === trustDomain) return null;
		const sent = sentWith(certificate);
		if (sent === null) return { fault: 'bad_certificate', detail: `more than ${MAX_SENT} certificates above the leaf` };
		const vouching = this.reachedFrom(certificate, sent);
		if (vouching.length > 0 && vouching.every(({ trustDomains }) => trustDomains.has(trustDomain))) {
			this.remember(fingerprint256, trustDomain);
			return null;
		}
		const others = new Set(vouching.flatMap(({ trustDomains }) => [...trustDomains]));
		others.delete(trustDomain);
		const who = others.size === 0 ? 'nobody in this session' : [...others].join(', ');
		return { fault: 'wrong_trust_domain', detail: `${who} vouches for a name of ${trustDomain}` };
	}

	/** The first authorities on each way up. */
	private reachedFrom(leaf: X509Certificate, sent: readonly X509Certificate[]): Authority[] {
		const found = new Set<Authority>();
		const ways = [leaf];
		const rest = new Set(sent);
		for (const certificate of ways) {
			for (const authority of this.authorities) {
				if (isIssuedBy(certificate, authority.certificate, authority.publicKey)) found.add(authority);
			}
			for (const issuer of rest) {
				if (!isIssuedBy(certificate, issuer, keyOf(issuer))) continue;
				rest.delete(issuer);
				ways.push(issuer);
			}
		}
		return [...found];
	}

	private remember(fingerprint: string, trustDomain: string): void {
		this.remembered.delete(fingerprint);
		this.remembered.set(fingerprint, trustDomain);
		if (this.remembered.size <= MAX_REMEMBERED) return;
		for (const oldest of this.remembered.keys()) {
			this.remembered.delete(oldest);
			return;
		}
	}
}

function authoritiesOf(bundles: ReadonlyMap<string, readonly X509Certificate[]>): Authority[] {
	const known = new Map<string, Authority>();
	for (const [trustDomain, certificates] of bundles) {
		for (const certificate of certificates) {
			const { fingerprint256 } = certificate;
			const publicKey = keyOf(certificate);
			// OpenSSL verifies nothing by a key that it does not know.
			if (publicKey === null) continue;
			const authority = known.get(fingerprint256) ?? { certificate, publicKey, trustDomains: new Set() };
			authority.trustDomains.add(trustDomain);
			known.set(fingerprint256, authority);
		}
	}
	return [...known.values()];
}

/** In the order in which the peer sent them, whatever they are. `null`: too many. */
function sentWith(leaf: X509Certificate): X509Certificate[] | null {
	const sent: X509Certificate[] = [];
	for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
		if (sent.length === MAX_SENT) return null;
		sent.push(next);
	}
	return sent;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, key: KeyObject | null): boolean {
	if (key === null || !certificate.checkIssued(issuer)) return false;
	try {
		return certificate.verify(key);
	} catch {
		return false;
	}
}

function keyOf(certificate: X509Certificate): KeyObject | null {
	try {
		return certificate.publicKey;
	} catch {
		return null;
	}
}
