import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeySearch } from './key-search.ts';

const KEYS = {
	'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
	'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
	RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
	Ed25519: generateKeyPairSync('ed25519'),
};

describe.each(Object.entries(KEYS))('a key of %s is found', (_, { privateKey, publicKey }) => {
	const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
	const der = privateKey.export({ type: 'pkcs8', format: 'der' });
	const search = new KeySearch({ ours: pem });
	const { d = '' } = privateKey.export({ format: 'jwk' });
	const scalar = Buffer.from(d, 'base64url');

	it.each([
		['as its file', pem],
		['as its file in a string of JSON', JSON.stringify({ err: pem })],
		['as its file indented', pem.replaceAll('\n', '\n      ')],
		['as its body in one line', pem.replace(/-----[^-]+-----|\n/g, '')],
		['as its file in base64', Buffer.from(pem).toString('base64')],
		['as its file in base64, from elsewhere on', Buffer.from(`x: ${pem}`).toString('base64')],
		['as bytes', der.toString('latin1')],
		['as bytes in hex', der.toString('hex')],
		['as bytes in upper case', der.toString('hex').toUpperCase()],
		['as bytes that OpenSSL prints', der.toString('hex').replace(/(..)(?=.)/g, '$1:')],
		['as bytes that Node prints', [...der].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')],
		['as an array of JSON', JSON.stringify(der)],
		['as its number alone', scalar.toString('base64')],
		['as its number in a JWK', d],
		['as its number in hex', scalar.toString('hex')],
		['as half of its number', scalar.toString('hex').slice(0, scalar.length)],
	])('%s', (_what, text) => {
		expect(search.leak(`before ${text} after`)).toContain('ours');
	});

	it('and neither is its public half, nor another one', () => {
		const other = privateKey.asymmetricKeyDetails?.namedCurve;
		expect(search.leak(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toBe('');
		expect(search.leak(publicKey.export({ type: 'spki', format: 'der' }).toString('hex'))).toBe('');
		if (other === undefined) return;
		const another = generateKeyPairSync('ec', { namedCurve: other === 'secp384r1' ? 'P-384' : 'P-256' }).privateKey;
		expect(search.leak(another.export({ type: 'pkcs8', format: 'pem' }).toString())).toBe('');
	});
});

it('finds an old file of an elliptic curve, and one that is encrypted', () => {
	const { privateKey } = KEYS['P-256'];
	const search = new KeySearch({ ours: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
	expect(search.leak(privateKey.export({ type: 'sec1', format: 'pem' }).toString())).toContain('ours');
	const protection = { cipher: 'aes-256-cbc', passphrase: 'a passphrase for it' };
	const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', ...protection }).toString();
	search.addEncrypted('encrypted', encrypted);
	search.addText('passphrase', protection.passphrase);
	expect(search.leak(encrypted)).toContain('encrypted');
	expect(search.leak(`with ${protection.passphrase}`)).toContain('passphrase');
	expect(createPrivateKey({ key: encrypted, passphrase: protection.passphrase }).equals(privateKey)).toBe(true);
});
