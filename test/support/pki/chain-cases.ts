/** Leaves that are right by themselves, and what stands between them and the root is not. */
import { authority, LEAF_PROFILE, type Pki, TRUST_DOMAIN, WEB } from '../pki.ts';
import { type CertificateCase, caseOf, type Verdict } from './case.ts';
import {
	basicConstraints,
	type Certified,
	certificate,
	DAY_MS,
	extendedKeyUsage,
	keyUsage,
	nameConstraints,
	names,
	uri,
} from './certificate.ts';

const PROFILE = [...LEAF_PROFILE, names(uri(WEB))];
const SIGNER = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')];
/** Its depth of verification, unless it is told another. */
const MOST_INTERMEDIATES = 100;

interface ChainCase {
	readonly name: string;
	readonly describe: string;
	readonly chain: readonly Certified[];
	readonly verdict?: Verdict;
	readonly code?: string;
}

const leafOf = (issuer: Certified): Certified => certificate({ issuer, extensions: PROFILE });
const between = (issuer: Certified, extensions = SIGNER, from?: number, until?: number): Certified =>
	certificate({
		issuer,
		commonName: 'between',
		extensions,
		...(from === undefined ? {} : { from }),
		...(until === undefined ? {} : { until }),
	});

export function chainCases(pki: Pki): CertificateCase[] {
	return [...strangers(pki), ...intermediates(pki), ...constraints(pki)].map(({ verdict = 'untrusted', ...rest }) =>
		caseOf({ ...rest, verdict }),
	);
}

function strangers({ root, trustDomain }: Pki): ChainCase[] {
	const impostor = authority(`root of ${trustDomain}`, [names(uri(`spiffe://${trustDomain}`))]);
	const unknown = authority('unknown');
	return [
		{
			name: 'self-signed',
			describe: 'by its own key',
			chain: [certificate({ extensions: PROFILE })],
			code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
		},
		{
			name: 'an impostor of the CA',
			describe: 'another key under the same name',
			chain: [leafOf(impostor)],
			code: 'CERT_SIGNATURE_FAILURE',
		},
		{
			name: 'an impostor of the CA, sent along',
			describe: 'another key under the same name; its certificate is in the chain',
			chain: [leafOf(impostor), impostor],
			code: 'CERT_SIGNATURE_FAILURE',
		},
		{
			name: 'an unknown CA',
			describe: 'that is in no bundle',
			chain: [leafOf(unknown)],
			code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
		},
		{
			name: 'an unknown CA, sent along',
			describe: 'in the hope that it is believed for being there',
			chain: [leafOf(unknown), unknown],
			code: 'SELF_SIGNED_CERT_IN_CHAIN',
		},
		{
			name: 'a right leaf behind a wrong one',
			describe: 'whoever looks at any certificate of a chain believes it',
			chain: [certificate({ extensions: PROFILE }), leafOf(root)],
			code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
		},
	];
}

function intermediates({ root }: Pki): ChainCase[] {
	const good = between(root);
	const expired = between(root, SIGNER, -2 * DAY_MS, -DAY_MS);
	const early = between(root, SIGNER, DAY_MS, 2 * DAY_MS);
	const workload = certificate({ issuer: root, commonName: 'workload', extensions: PROFILE });
	const noSigner = between(root, [basicConstraints(true), keyUsage('digitalSignature')]);
	const bare = between(root, [keyUsage('keyCertSign')]);
	const clientsOnly = between(root, [...SIGNER, extendedKeyUsage('codeSigning')]);
	const short = between(root, [basicConstraints(true, 0), keyUsage('keyCertSign')]);
	const below = authority('below', [], { issuer: short });
	return [
		{ name: 'an intermediate', describe: 'sent along', chain: [leafOf(good), good], verdict: 'trusted' },
		{
			name: 'the root sent along',
			describe: 'which is of no use and does no harm',
			chain: [leafOf(root), root],
			verdict: 'trusted',
		},
		{
			name: 'a missing intermediate',
			describe: 'not sent along',
			chain: [leafOf(good)],
			code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
		},
		{
			name: 'an expired intermediate',
			describe: 'yesterday',
			chain: [leafOf(expired), expired],
			code: 'CERT_HAS_EXPIRED',
		},
		{
			name: 'an intermediate that is not yet valid',
			describe: 'from tomorrow on',
			chain: [leafOf(early), early],
			code: 'CERT_NOT_YET_VALID',
		},
		{
			name: 'signed by a workload',
			describe: 'CA:FALSE, which anybody with a certificate could do',
			chain: [leafOf(workload), workload],
			code: 'UNSPECIFIED',
		},
		{
			name: 'an intermediate without basic constraints',
			describe: 'which says neither that it is a CA nor that it is none',
			chain: [leafOf(bare), bare],
			code: 'INVALID_CA',
		},
		{
			name: 'an intermediate that may not sign',
			describe: 'CA:TRUE without keyCertSign',
			chain: [leafOf(noSigner), noSigner],
			code: 'UNSPECIFIED',
		},
		{
			name: 'an intermediate for other purposes',
			describe: 'codeSigning alone',
			chain: [leafOf(clientsOnly), clientsOnly],
			code: 'INVALID_PURPOSE',
		},
		{
			name: 'a path that is too long',
			describe: 'a CA below one whose path length is 0',
			chain: [leafOf(below), below, short],
			code: 'PATH_LENGTH_EXCEEDED',
		},
		{
			name: 'a hundred intermediates',
			describe: 'one below the other: as many as OpenSSL takes',
			chain: under(root, MOST_INTERMEDIATES),
			verdict: 'trusted',
		},
		{
			name: 'a hundred and one intermediates',
			describe: 'one more than OpenSSL takes',
			chain: under(root, MOST_INTERMEDIATES + 1),
			code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
		},
	];
}

/** The leaf first. */
function under(root: Certified, count: number): Certified[] {
	const chain: Certified[] = [];
	let issuer = root;
	for (let n = 0; n < count; n++) {
		issuer = certificate({ issuer, commonName: `between ${n}`, extensions: SIGNER });
		chain.unshift(issuer);
	}
	return [leafOf(issuer), ...chain];
}

function constraints({ root, bound }: Pki): ChainCase[] {
	const of = (issuer: Certified, id: string): Certified =>
		certificate({ issuer, extensions: [...LEAF_PROFILE, names(uri(id))] });
	const excluding = between(root, [...SIGNER, nameConstraints({ excluded: [TRUST_DOMAIN] })]);
	const elsewhere = between(root, [...SIGNER, nameConstraints({ permitted: ['other.local'] })]);
	const pair = certificate({
		issuer: bound,
		extensions: [...LEAF_PROFILE, names(uri(WEB), uri('spiffe://other.local/x'))],
	});
	return [
		{
			name: 'outside the name constraint',
			describe: 'an id of another trust domain from the bound CA',
			chain: [of(bound, 'spiffe://other.local/ns/shop/sa/web')],
			code: 'UNSPECIFIED',
		},
		{
			name: 'one of two ids outside the name constraint',
			describe: 'all names must be inside',
			chain: [pair],
			code: 'UNSPECIFIED',
		},
		{
			name: 'inside an excluded subtree',
			describe: 'an intermediate that may sign for all but our trust domain',
			chain: [leafOf(excluding), excluding],
			code: 'UNSPECIFIED',
		},
		{
			name: 'outside the constraint of an intermediate',
			describe: 'an intermediate of another trust domain signs for ours',
			chain: [leafOf(elsewhere), elsewhere],
			code: 'UNSPECIFIED',
		},
	];
}
