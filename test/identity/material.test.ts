import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificatesIn, isMaterial, type MaterialTexts, materialOf } from '../../src/identity/material.ts';
import { certificateCases } from '../support/pki/cases.ts';
import { certificate, dns, names, uri } from '../support/pki/certificate.ts';
import { LEAF_PROFILE, testPki, WEB } from '../support/pki.ts';

const pki = testPki();
const good = (): MaterialTexts => ({ ...pki.leaf(WEB), trustBundle: pki.trustBundle });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;

function encrypted(key: string): string {
	const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' };
	return createPrivateKey(key)
		.export({ type: 'pkcs8', format: 'pem', ...cipher })
		.toString();
}

describe('material that fits', () => {
	it('says who we are, and until when', () => {
		const material = materialOf(good());
		if (!isMaterial(material)) throw new Error(material.reason);
		expect(material).toMatchObject({ id: WEB, trustDomains: new Set(['mesh.local']) });
		expect(material.authorities).toHaveLength(2);
		expect(material.expiresAt - material.notBefore).toBeGreaterThan(86_400_000);
	});

	it.each([
		[
			'text around the PEM',
			(texts: MaterialTexts) => ({ ...texts, certificate: `Bag Attributes\n  x: y\n${texts.certificate}\n# end\n` }),
		],
		[
			'lines that end as on Windows',
			(texts: MaterialTexts) => ({ ...texts, certificate: texts.certificate.replaceAll('\n', '\r\n') }),
		],
		[
			'a bundle that holds an authority twice',
			(texts: MaterialTexts) => ({ ...texts, trustBundle: texts.trustBundle + texts.trustBundle }),
		],
	])('may have %s', (_name, edit) => {
		expect(isMaterial(materialOf(edit(good())))).toBe(true);
	});

	it.each([
		['SEC 1', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sec1'],
		['PKCS #1', rsa(2048), 'pkcs1'],
		['PKCS #8', generateKeyPairSync('ed25519').privateKey, 'pkcs8'],
	] as const)('may have its key as %s', (_name, key, type) => {
		const { pem } = certificate({ issuer: pki.root, key, extensions: [...LEAF_PROFILE, names(uri(WEB))] });
		const texts = {
			certificate: pem,
			key: key.export({ type, format: 'pem' }).toString(),
			trustBundle: pki.trustBundle,
		};
		expect(isMaterial(materialOf(texts))).toBe(true);
	});

	it('may have no id, or one that is none', () => {
		const named = (...all: readonly Buffer[]) => {
			const made = certificate({ issuer: pki.root, extensions: [...LEAF_PROFILE, names(...all)] });
			return materialOf({ certificate: made.pem, key: made.keyPem, trustBundle: pki.trustBundle });
		};
		for (const all of [[dns('web.test')], [uri('https://web.test/')]]) {
			expect(named(...all)).toMatchObject({ id: '', trustDomains: new Set() });
		}
		expect(named(uri(WEB), uri('spiffe://mesh.local/b'))).toMatchObject({ id: '' });
	});
});

describe('material that does not fit', () => {
	const other = pki.leaf(WEB);
	const weak = certificate({ issuer: pki.root, key: rsa(1024), extensions: [...LEAF_PROFILE, names(uri(WEB))] });

	it.each<[string, Partial<MaterialTexts>, object]>([
		[
			'the key of another certificate',
			{ key: other.key },
			{ part: 'key', reason: 'does not belong to the certificate' },
		],
		[
			'an encrypted key',
			{ key: encrypted(other.key) },
			{ part: 'key', reason: expect.stringContaining('not encrypted') },
		],
		['no key', { key: '' }, { part: 'key', reason: 'is empty' }],
		['blanks for a key', { key: ' \n\n' }, { part: 'key', reason: 'is empty' }],
		['half a key', { key: other.key.slice(0, 100) }, { part: 'key' }],
		['a certificate for a key', { key: other.certificate }, { part: 'key' }],
		['no certificate', { certificate: '' }, { part: 'certificate', reason: 'holds no certificate' }],
		['a key for a certificate', { certificate: other.key }, { part: 'certificate', reason: 'holds no certificate' }],
		['an empty bundle', { trustBundle: '' }, { part: 'trustBundle', reason: 'holds no certificate' }],
		['a bundle of keys', { trustBundle: other.key }, { part: 'trustBundle', reason: 'holds no certificate' }],
		[
			'too many in the bundle',
			{ trustBundle: pki.root.pem.repeat(257) },
			{ part: 'trustBundle', reason: 'holds more than 256 certificates' },
		],
		['too many in the chain', { certificate: other.certificate.repeat(257) }, { part: 'certificate' }],
		[
			'a key that is too short to be shown',
			{ certificate: weak.pem, key: weak.keyPem },
			{ part: 'certificate', reason: 'cannot be used (ERR_SSL_EE_KEY_TOO_SMALL)' },
		],
		[
			'another label, which OpenSSL takes for a certificate all the same',
			{ certificate: other.certificate.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE') },
			{ part: 'certificate', reason: 'holds no certificate' },
		],
	])('%s', (_name, texts, expected) => {
		expect(materialOf({ ...good(), ...texts })).toMatchObject(expected);
	});

	it('is any file of the catalogue that cannot be loaded', () => {
		for (const { name, chainPem, keyPem, expected } of certificateCases().cases) {
			if (expected.asClient !== 'unpresentable') continue;
			const outcome = materialOf({ certificate: chainPem, key: keyPem, trustBundle: pki.trustBundle });
			// OpenSSL takes what comes before the half; here it is half of a chain that is being written.
			if (name !== 'half an intermediate') expect(isMaterial(outcome), name).toBe(false);
		}
	});

	it('is told of without a line of the key', () => {
		const lines = other.key.split('\n').slice(1, -2);
		for (const key of [other.key, other.key.slice(0, 150), other.key.replace('MIG', '!!!'), `x${other.key}`]) {
			const told = JSON.stringify(materialOf({ ...good(), key }));
			for (const line of lines) expect(told).not.toContain(line);
		}
	});
});

describe('certificates in a text', () => {
	it('are all or none', () => {
		const half = pki.root.pem.slice(0, pki.root.pem.length / 2);
		expect(certificatesIn(pki.trustBundle)).toHaveLength(2);
		expect(certificatesIn(pki.root.pem + pki.root.pem.replace(/M/g, '*'))).toBe(
			'holds a certificate that cannot be read',
		);
		expect(certificatesIn(half)).toEqual([]);
		expect(certificatesIn(pki.root.pem + half)).toBe('holds half a certificate');
	});
});
