/**
 * A certificate, its key and the authorities to believe, as they came from files or an agent: whole and fitting, or not at
 * all. Half of a pair that is being replaced never gets further than here.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { parseSpiffeId } from '../config/spiffe-id.ts';
import { namesOf } from './certificate-names.ts';
import { type MaterialTexts, serverContext } from './contexts.ts';
import { Vouching } from './vouching.ts';

export type { MaterialTexts } from './contexts.ts';

export interface Material {
	readonly texts: MaterialTexts;
	/** Of this workload. */
	readonly leaf: X509Certificate;
	/** Of the bundle of our own trust domain. */
	readonly authorities: readonly X509Certificate[];
	/** Those of others, by their trust domain. They are in `texts.trustBundle` as well. */
	readonly federated: ReadonlyMap<string, readonly X509Certificate[]>;
	/** SPIFFE id; `''`: the certificate names none. */
	readonly id: string;
	/** Of `id`, and the federated ones; empty: any. */
	readonly trustDomains: ReadonlySet<string>;
	/** Which of several trust domains has vouched for a certificate; `null`: there is but one bundle. */
	readonly vouching: Vouching | null;
	/** Epoch milliseconds. */
	readonly notBefore: number;
	readonly expiresAt: number;
}

/** Why there is no material. `part`: which of the three it is about. No text of it is shown. */
export interface MaterialFault {
	readonly part: keyof MaterialTexts;
	readonly reason: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PEM_BEGIN = '-----BEGIN CERTIFICATE-----';
/** More than any chain or bundle of a mesh has. */
const MAX_CERTIFICATES = 256;

/** More than all partners of a mesh have together. */
const MAX_FEDERATED = 1024;
const NO_PARTNERS: ReadonlyMap<string, string> = new Map();

/** `partners`: PEM of the authorities of other trust domains. */
export function materialOf(own: MaterialTexts, partners = NO_PARTNERS): Material | MaterialFault {
	const federated = federatedOf(partners);
	if (typeof federated === 'string') return { part: 'trustBundle', reason: federated };
	const texts = { ...own, trustBundle: [own.trustBundle, ...partners.values()].join('\n') };
	const chain = certificatesIn(texts.certificate);
	if (typeof chain === 'string') return { part: 'certificate', reason: chain };
	const authorities = certificatesIn(own.trustBundle);
	if (typeof authorities === 'string') return { part: 'trustBundle', reason: authorities };
	const [leaf] = chain;
	if (leaf === undefined) return { part: 'certificate', reason: 'holds no certificate' };
	if (authorities.length === 0) return { part: 'trustBundle', reason: 'holds no certificate' };
	const key = keyIn(texts.key);
	if (typeof key === 'string') return { part: 'key', reason: key };
	if (!leaf.checkPrivateKey(key)) return { part: 'key', reason: 'does not belong to the certificate' };
	const refused = refusedBy(texts);
	if (refused !== '') return { part: 'certificate', reason: refused };
	const { uris } = namesOf(leaf);
	const [uri = ''] = uris;
	const id = parseSpiffeId(uri);
	return {
		texts,
		leaf,
		authorities,
		id: id.ok && uris.length === 1 ? uri : '',
		federated,
		...scopeOf(id.ok ? id.trustDomain : '', authorities, federated),
		notBefore: leaf.validFromDate.getTime(),
		expiresAt: leaf.validToDate.getTime(),
	};
}

function federatedOf(partners: ReadonlyMap<string, string>): Map<string, X509Certificate[]> | string {
	const federated = new Map<string, X509Certificate[]>();
	let count = 0;
	for (const [trustDomain, pem] of partners) {
		const authorities = certificatesIn(pem);
		if (typeof authorities === 'string') return `of ${trustDomain} ${authorities}`;
		count += authorities.length;
		if (count > MAX_FEDERATED) return `of other trust domains holds more than ${MAX_FEDERATED} certificates`;
		if (authorities.length > 0) federated.set(trustDomain, authorities);
	}
	return federated;
}

function scopeOf(
	ownDomain: string,
	authorities: readonly X509Certificate[],
	federated: Material['federated'],
): Pick<Material, 'trustDomains' | 'vouching'> {
	if (ownDomain === '') return { trustDomains: new Set(), vouching: null };
	const bundles = new Map([...federated, [ownDomain, authorities]]);
	const vouching = federated.size > 0 ? new Vouching(ownDomain, bundles) : null;
	return { trustDomains: new Set(bundles.keys()), vouching };
}

export function isMaterial(outcome: Material | MaterialFault): outcome is Material {
	return 'leaf' in outcome;
}

/** A text: what is wrong. */
export function certificatesIn(pem: string): X509Certificate[] | string {
	const blocks = pem.match(PEM_CERTIFICATE) ?? [];
	if (blocks.length > 0 && pem.split(PEM_BEGIN).length - 1 > blocks.length) return 'holds half a certificate';
	if (blocks.length > MAX_CERTIFICATES) return `holds more than ${MAX_CERTIFICATES} certificates`;
	try {
		return blocks.map((block) => new X509Certificate(block));
	} catch {
		return 'holds a certificate that cannot be read';
	}
}

/** OpenSSL loads no certificate that is too weak to be shown; what it thinks of it is asked here, not by the first peer. */
function refusedBy(texts: MaterialTexts): string {
	try {
		serverContext(texts, '1.2');
		return '';
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		return `cannot be used (${code === '' ? 'OpenSSL refuses it' : code})`;
	}
}

/** The error of the library may quote what it has read: it is not passed on. */
function keyIn(pem: string): KeyObject | string {
	if (pem.trim() === '') return 'is empty';
	try {
		return createPrivateKey(pem);
	} catch {
		return 'holds no private key that can be read (PEM, not encrypted)';
	}
}
