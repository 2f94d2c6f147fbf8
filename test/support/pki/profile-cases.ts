/** Leaves of the right id that are wrong in time, in what they are for, or in how they are made. */
import { generateKeyPairSync } from 'node:crypto';
import { LEAF_PROFILE, type Pki, WEB } from '../pki.ts';
import { type CertificateCase, caseOf, type PeerOptions, type Verdict } from './case.ts';
import {
	basicConstraints,
	type CertificateSpec,
	type Certified,
	certificate,
	DAY_MS,
	ecKey,
	extendedKeyUsage,
	extension,
	keyUsage,
	MINUTE_MS,
	names,
	uri,
} from './certificate.ts';
import { utf8 } from './der.ts';

const NAMES = names(uri(WEB));
const PROFILE = [...LEAF_PROFILE, NAMES];
const BOTH = extendedKeyUsage('serverAuth', 'clientAuth');
const UNKNOWN_EXTENSION = '1.3.6.1.4.1.55738.1';
/** Node's and every distribution's OpenSSL refuses to load these itself; a peer may not. */
const WEAK: PeerOptions = { ciphers: 'DEFAULT:@SECLEVEL=0' };

interface ProfileCase extends CertificateSpec {
	readonly name: string;
	readonly describe: string;
	readonly verdict: Verdict;
	readonly asServer?: Verdict;
	readonly code?: string;
	readonly peer?: PeerOptions;
}

const TIMES: readonly ProfileCase[] = [
	{
		name: 'expired',
		describe: 'yesterday',
		from: -2 * DAY_MS,
		until: -DAY_MS,
		verdict: 'untrusted',
		code: 'CERT_HAS_EXPIRED',
	},
	{ name: 'just expired', describe: 'two seconds ago', until: -2000, verdict: 'untrusted', code: 'CERT_HAS_EXPIRED' },
	{
		name: 'not yet valid',
		describe: 'from tomorrow on',
		from: DAY_MS,
		until: 2 * DAY_MS,
		verdict: 'untrusted',
		code: 'CERT_NOT_YET_VALID',
	},
	{
		name: 'an hour ahead',
		describe: 'what a clock that is off by a time zone makes',
		from: 60 * MINUTE_MS,
		verdict: 'untrusted',
		code: 'CERT_NOT_YET_VALID',
	},
	{
		name: 'an end before its beginning',
		describe: 'is valid at no time',
		from: -MINUTE_MS,
		until: -60 * MINUTE_MS,
		verdict: 'untrusted',
		code: 'CERT_HAS_EXPIRED',
	},
];

const PURPOSES: readonly ProfileCase[] = [
	{
		name: 'a CA as leaf',
		describe: 'CA:TRUE (X509-SVID §4.1)',
		extensions: [basicConstraints(true), keyUsage('digitalSignature'), BOTH, NAMES],
		verdict: 'unidentified',
	},
	{
		name: 'a leaf that may sign certificates',
		describe: 'keyCertSign (X509-SVID §4.3)',
		extensions: [basicConstraints(false), keyUsage('digitalSignature', 'keyCertSign'), BOTH, NAMES],
		verdict: 'unidentified',
	},
	{
		name: 'a leaf that may sign revocations',
		describe: 'cRLSign (X509-SVID §4.3)',
		extensions: [basicConstraints(false), keyUsage('digitalSignature', 'cRLSign'), BOTH, NAMES],
		verdict: 'unidentified',
	},
	{
		name: 'a key that may not sign',
		describe: 'keyEncipherment alone (X509-SVID §4.3), which OpenSSL takes of servers',
		extensions: [basicConstraints(false), keyUsage('keyEncipherment'), BOTH, NAMES],
		verdict: 'untrusted',
		asServer: 'unidentified',
		code: 'INVALID_PURPOSE',
	},
	{
		name: 'a key that may do nothing',
		describe: 'no bit of the key usage is set',
		extensions: [basicConstraints(false), keyUsage(), BOTH, NAMES],
		verdict: 'untrusted',
		code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	},
	{
		name: 'for servers alone',
		describe: 'serverAuth without clientAuth (X509-SVID §4.4)',
		extensions: [basicConstraints(false), keyUsage('digitalSignature'), extendedKeyUsage('serverAuth'), NAMES],
		verdict: 'untrusted',
		asServer: 'trusted',
		code: 'INVALID_PURPOSE',
	},
	{
		name: 'for clients alone',
		describe: 'clientAuth without serverAuth (X509-SVID §4.4)',
		extensions: [basicConstraints(false), keyUsage('digitalSignature'), extendedKeyUsage('clientAuth'), NAMES],
		verdict: 'trusted',
		asServer: 'untrusted',
		code: 'INVALID_PURPOSE',
	},
	{
		name: 'for signing code',
		describe: 'codeSigning alone',
		extensions: [basicConstraints(false), keyUsage('digitalSignature'), extendedKeyUsage('codeSigning'), NAMES],
		verdict: 'untrusted',
		code: 'INVALID_PURPOSE',
	},
	{
		name: 'for any purpose',
		describe: 'anyExtendedKeyUsage, which names neither clients nor servers',
		extensions: [basicConstraints(false), keyUsage('digitalSignature'), extendedKeyUsage('any'), NAMES],
		verdict: 'untrusted',
		code: 'INVALID_PURPOSE',
	},
	{
		name: 'an unknown critical extension',
		describe: 'RFC 5280 §4.2: whoever does not know it must refuse',
		extensions: [...PROFILE, extension(UNKNOWN_EXTENSION, true, utf8('x'))],
		verdict: 'untrusted',
		code: 'UNSPECIFIED',
	},
	{
		name: 'basic constraints that are not DER',
		describe: 'the extension ends too early',
		extensions: [keyUsage('digitalSignature'), BOTH, NAMES, extension('2.5.29.19', true, Buffer.from([0x30, 0x05]))],
		verdict: 'untrusted',
	},
];

/** Made when asked for: keys of RSA take their time. */
function algorithms({ root }: Pki, rsaRoot: Certified): ProfileCase[] {
	const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
	return [
		{
			name: 'RSA of 1024 bits',
			describe: 'too short',
			key: rsa(1024),
			peer: WEAK,
			verdict: 'untrusted',
			code: 'UNSPECIFIED',
		},
		{
			name: 'SHA-1',
			describe: 'as digest of an ECDSA signature',
			digest: 'sha1',
			issuer: root,
			peer: WEAK,
			verdict: 'untrusted',
			code: 'UNSPECIFIED',
		},
		{
			name: 'SHA-1 with RSA',
			describe: 'as digest of an RSA signature',
			digest: 'sha1',
			issuer: rsaRoot,
			peer: WEAK,
			verdict: 'untrusted',
			code: 'UNSPECIFIED',
		},
		{
			name: 'MD5',
			describe: 'as digest of an RSA signature',
			digest: 'md5',
			issuer: rsaRoot,
			peer: WEAK,
			verdict: 'untrusted',
			code: 'UNSPECIFIED',
		},
		{
			name: 'P-224',
			describe: 'a curve that TLS 1.3 does not know, tried with TLS 1.2',
			key: ecKey('P-224'),
			peer: { ...WEAK, maxVersion: 'TLSv1.2' },
			verdict: 'untrusted',
		},
	];
}

export function profileCases(pki: Pki, rsaRoot: Certified): CertificateCase[] {
	const all = [...TIMES, ...PURPOSES, ...algorithms(pki, rsaRoot)];
	return all.map(({ name, describe, verdict, asServer, code, peer, ...spec }) =>
		caseOf({
			name,
			describe,
			chain: [certificate({ issuer: pki.root, extensions: PROFILE, ...spec })],
			verdict,
			...(asServer === undefined ? {} : { asServer }),
			...(code === undefined ? {} : { code }),
			...(peer === undefined ? {} : { peer }),
		}),
	);
}
