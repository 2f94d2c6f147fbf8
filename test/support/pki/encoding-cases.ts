/** What is damaged, by chance or on purpose. */
import { LEAF_PROFILE, type Pki, WEB } from '../pki.ts';
import type { CertificateCase, Verdict } from './case.ts';
import { type Certified, certificate, certified, ecKey, names, pemOf, uri } from './certificate.ts';

interface EncodingCase {
	readonly name: string;
	readonly describe: string;
	readonly chainPem: string;
	readonly keyPem?: string;
	readonly verdict?: Verdict;
	readonly code?: string;
}

export function encodingCases({ root }: Pki): CertificateCase[] {
	const leaf = certificate({ issuer: root, extensions: [...LEAF_PROFILE, names(uri(WEB))] });
	const all = [...damagedFiles(leaf), ...changedBytes(leaf), ...wrongKeys(leaf)];
	return all.map(({ name, describe, chainPem, keyPem = leaf.keyPem, verdict = 'unpresentable', code = '' }) => ({
		name,
		describe,
		chainPem,
		keyPem,
		expected: { asClient: verdict, asServer: verdict, code },
	}));
}

function damagedFiles({ pem, der }: Certified): EncodingCase[] {
	const lines = pem.split('\n');
	return [
		{ name: 'no PEM', describe: 'an empty file', chainPem: '' },
		{
			name: 'half a PEM',
			describe: 'as a reader finds it while it is written',
			chainPem: pem.slice(0, pem.length / 2),
		},
		{ name: 'no end line', describe: 'the last line is missing', chainPem: `${lines.slice(0, -2).join('\n')}\n` },
		{
			name: 'half the DER',
			describe: 'whole PEM around half a certificate',
			chainPem: pemOf(der.subarray(0, der.length / 2)),
		},
		{ name: 'one byte short', describe: 'whole PEM, the last byte is missing', chainPem: pemOf(der.subarray(0, -1)) },
		{ name: 'no base64', describe: 'signs that it does not have', chainPem: pem.replace(/M/g, '*') },
		{ name: 'DER for PEM', describe: 'the bytes themselves', chainPem: der.toString('latin1') },
		{ name: 'zeros', describe: 'whole PEM around 64 bytes of zero', chainPem: pemOf(Buffer.alloc(64)) },
		{
			name: 'a length of 4 GiB',
			describe: 'the outermost length says far more than there is',
			chainPem: pemOf(Buffer.concat([Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), der.subarray(4)])),
		},
		{ name: 'a key for a certificate', describe: 'the two files are swapped', chainPem: ecKeyPem() },
		{
			name: 'half an intermediate',
			describe: 'the leaf is whole, what follows is not',
			chainPem: pem + pem.slice(0, pem.length / 2),
		},
	];
}

function changedBytes(leaf: Certified): EncodingCase[] {
	// The id stands in the certificate as it is: another letter in it, and the signature is no longer one of it.
	const text = Buffer.from(leaf.der);
	text.write('x', text.indexOf(WEB) + WEB.length - 1, 'latin1');
	const signature = Buffer.from(leaf.der);
	signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
	const one = (der: Buffer) => certified(der, leaf.key, leaf.subject).pem;
	const refused = { verdict: 'untrusted', code: 'CERT_SIGNATURE_FAILURE' } as const;
	return [
		{ name: 'another id after signing', describe: 'one letter of it changed', chainPem: one(text), ...refused },
		{ name: 'another signature', describe: 'its last bit changed', chainPem: one(signature), ...refused },
	];
}

function wrongKeys({ pem, keyPem }: Certified): EncodingCase[] {
	return [
		{ name: 'the key of another certificate', describe: 'as between two renames', chainPem: pem, keyPem: ecKeyPem() },
		{
			name: 'half a key',
			describe: 'as a reader finds it while it is written',
			chainPem: pem,
			keyPem: keyPem.slice(0, 100),
		},
		{ name: 'no key', describe: 'an empty file', chainPem: pem, keyPem: '' },
	];
}

function ecKeyPem(): string {
	return ecKey().export({ type: 'pkcs8', format: 'pem' }).toString();
}
