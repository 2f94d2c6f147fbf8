import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyUsage, keyUsageOf, saysCa } from '../../src/identity/der.ts';
import { certificateCases } from '../support/pki/cases.ts';
import { basicConstraints, certificate, extension, keyUsage, names, uri } from '../support/pki/certificate.ts';
import { bits, octets, sequence, TRUE, tlv } from '../support/pki/der.ts';
import { testPki, WEB } from '../support/pki.ts';

/** DER of a certificate with these extensions. */
function withExtensions(...extensions: readonly Buffer[]): Buffer {
	return certificate({ issuer: testPki().root, extensions }).der;
}

function opensslSays(pem: string): { usage: string; isCa: boolean } {
	const text = execFileSync('openssl', ['x509', '-noout', '-ext', 'keyUsage,basicConstraints'], {
		input: pem,
		encoding: 'utf8',
		stdio: ['pipe', 'pipe', 'ignore'],
	});
	return { usage: /Key Usage:.*\n +(.*)/.exec(text)?.[1] ?? '', isCa: text.includes('CA:TRUE') };
}

describe('the key usage', () => {
	it.each([
		[['digitalSignature'], 'Digital Signature'],
		[['keyEncipherment'], 'Key Encipherment'],
		[['keyCertSign', 'cRLSign'], 'Certificate Sign, CRL Sign'],
		[['digitalSignature', 'keyCertSign'], 'Digital Signature, Certificate Sign'],
	] as const)('%j is what openssl prints of it', (usages, printed) => {
		const { der, pem } = certificate({ extensions: [keyUsage(...usages)] });
		expect(opensslSays(pem).usage).toBe(printed);
		const found = keyUsageOf(der) ?? 0;
		expect((found & KeyUsage.digitalSignature) !== 0).toBe(printed.includes('Digital Signature'));
		expect((found & KeyUsage.keyCertSign) !== 0).toBe(printed.includes('Certificate Sign'));
		expect((found & KeyUsage.crlSign) !== 0).toBe(printed.includes('CRL Sign'));
	});

	it('is not said by who leaves it out, and nothing by who sets no bit', () => {
		expect(keyUsageOf(withExtensions(names(uri(WEB))))).toBeNull();
		expect(keyUsageOf(certificate({ version: 1 }).der)).toBeNull();
		expect(keyUsageOf(withExtensions(keyUsage()))).toBe(0);
	});

	it.each([
		['a bit string without bits', tlv(0x03, Buffer.from([0]))],
		['an empty bit string', Buffer.concat([tlv(0x03), Buffer.from([0x80])])],
		['a bit string that is longer than its extension', Buffer.from([0x03, 0x7f, 0x00, 0x80])],
		['another type', octets(Buffer.from([0x80]))],
		['nothing', Buffer.alloc(0)],
	])('of %s allows nothing', (_name, content) => {
		expect(keyUsageOf(withExtensions(extension('2.5.29.15', true, content)))).toBe(0);
	});

	it('is found behind other extensions, critical or not', () => {
		const usage = bits(Buffer.from([0x80]), 7);
		expect(keyUsageOf(withExtensions(names(uri(WEB)), extension('2.5.29.15', false, usage)))).toBe(0x80);
		expect(keyUsageOf(withExtensions(basicConstraints(false), extension('2.5.29.15', true, usage)))).toBe(0x80);
	});

	it('is not that of an extension whose value looks like one', () => {
		const decoy = extension('1.3.6.1.4.1.55738.3', false, extension('2.5.29.15', true, bits(Buffer.from([0x06]))));
		expect(keyUsageOf(withExtensions(decoy))).toBeNull();
	});
});

describe('the basic constraints', () => {
	it.each([
		['CA:TRUE', basicConstraints(true), true],
		['CA:TRUE with a path length', basicConstraints(true, 0), true],
		['CA:FALSE, left out', basicConstraints(false), false],
		['CA:FALSE, written', extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.from([0])))), false],
		['TRUE by another byte than 255', extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.from([1])))), true],
		['a boolean of no bytes', extension('2.5.29.19', true, sequence(tlv(0x01))), true],
		['no sequence', extension('2.5.29.19', true, TRUE), true],
		['names alone', names(uri(WEB)), false],
	])('of %s', (_name, made, isCa) => {
		expect(saysCa(withExtensions(made))).toBe(isCa);
	});

	it('say what openssl prints, of each certificate of the catalogue', () => {
		for (const { name, chainPem, expected } of certificateCases().cases) {
			if (expected.asClient === 'unpresentable' || name.includes('not DER')) continue;
			expect(saysCa(new X509Certificate(chainPem).raw), name).toBe(opensslSays(chainPem).isCa);
		}
	});
});

describe('bytes that are no certificate', () => {
	it('are read without an error', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				expect(keyUsageOf(bytes)).toBeOneOf([null, expect.any(Number)]);
				expect(saysCa(bytes)).toBeTypeOf('boolean');
			}),
			{ numRuns: 5000 },
		);
	});

	it('are read without an error when they were one, before a byte was changed or all from one on were lost', () => {
		const der = withExtensions(basicConstraints(false), keyUsage('digitalSignature'), names(uri(WEB)));
		fc.assert(
			fc.property(fc.nat(der.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
				const bytes = Buffer.from(isCut ? der.subarray(0, at) : der);
				if (!isCut) bytes[at] = byte;
				expect(keyUsageOf(bytes)).toBeOneOf([null, expect.any(Number)]);
				expect(saysCa(bytes)).toBeTypeOf('boolean');
			}),
			{ numRuns: 5000 },
		);
	});
});
