/** Unusual and right: whoever refuses these refuses too much. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { LEAF_PROFILE, type Pki, TRUST_DOMAIN, WEB } from '../pki.ts';
import { type CertificateCase, caseOf } from './case.ts';
import {
	basicConstraints,
	type CertificateSpec,
	certificate,
	dns,
	ecKey,
	extension,
	keyUsage,
	MINUTE_MS,
	names,
	uri,
} from './certificate.ts';
import { sequence, utf8 } from './der.ts';

const NAMES = names(uri(WEB));
const PROFILE = [...LEAF_PROFILE, NAMES];
const UNKNOWN_EXTENSION = '1.3.6.1.4.1.55738.2';
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);
const HOSTS = Array.from({ length: 999 }, (_, n) => dns(`host-${n}.shop.svc`));

interface UnusualCase extends CertificateSpec {
	readonly name: string;
	readonly describe: string;
}

function specs({ bound }: Pki): UnusualCase[] {
	const otherKey = (type: 'ed25519'): KeyObject => generateKeyPairSync(type).privateKey;
	const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
	const critical = extension('2.5.29.17', true, sequence(uri(WEB)));
	const big = extension(UNKNOWN_EXTENSION, false, utf8('x'.repeat(65_536)));
	const noPurpose = [basicConstraints(false), keyUsage('digitalSignature'), NAMES];
	return [
		{ name: 'as it should be', describe: 'the usual one' },
		{ name: 'from the bound CA', describe: 'which is constrained to its trust domain', issuer: bound },
		{ name: 'Ed25519', describe: 'another kind of key', key: otherKey('ed25519') },
		{ name: 'P-384', describe: 'another curve', key: ecKey('P-384') },
		{ name: 'P-521', describe: 'another curve', key: ecKey('P-521') },
		{ name: 'RSA of 2048 bits', describe: 'as other issuers make them', key: rsaKey },
		{
			name: 'an empty subject',
			describe: 'and critical names, as Istio issues them',
			commonName: '',
			extensions: [...LEAF_PROFILE, critical],
		},
		{
			name: 'a subject with separators',
			describe: 'that break a header when written as they are',
			commonName: 'a",;=\\\r\nx-evil: 1,é',
		},
		{
			name: 'a thousand names',
			describe: 'one id and 999 DNS names',
			extensions: [...LEAF_PROFILE, names(uri(WEB), ...HOSTS)],
		},
		{ name: '64 KiB', describe: 'of an extension that nobody knows', extensions: [...PROFILE, big] },
		{ name: 'no purposes', describe: 'without extended key usage any is right', extensions: noPurpose },
		{ name: 'valid for very long', describe: 'until the year 9999', until: END_OF_TIME - Date.now() },
		{ name: 'valid for a minute', describe: 'from this second on', from: 0, until: MINUTE_MS },
	];
}

export function unusualCases(pki: Pki): CertificateCase[] {
	const usual = { issuer: pki.root, extensions: PROFILE };
	const prefix = `spiffe://${TRUST_DOMAIN}/`;
	const longest = names(uri(prefix + 'a'.repeat(2048 - prefix.length)));
	return [
		...specs(pki).map(({ name, describe, ...spec }) =>
			caseOf({ name, describe, chain: [certificate({ ...usual, ...spec })], verdict: 'trusted' }),
		),
		caseOf({
			name: 'the longest id',
			describe: '2048 bytes, of another workload',
			chain: [certificate({ ...usual, extensions: [...LEAF_PROFILE, longest] })],
			verdict: 'someone-else',
		}),
	];
}
