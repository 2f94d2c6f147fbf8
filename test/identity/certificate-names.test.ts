import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesOf } from '../../src/identity/certificate-names.ts';
import { certificate, dns, email, ip, names, principalName, uri } from '../support/pki/certificate.ts';
import { testPki, WEB } from '../support/pki.ts';

const { root } = testPki();
const read = (...all: readonly Buffer[]) =>
	namesOf(new X509Certificate(certificate({ issuer: root, extensions: [names(...all)] }).der));

describe('the names of a certificate', () => {
	it('are its URIs and DNS names, in their order', () => {
		const found = read(dns('a.test'), uri(WEB), email('x@a.test'), ip(127, 0, 0, 1), principalName(WEB), dns('b.test'));
		expect(found).toEqual({ uris: [WEB], dnsNames: ['a.test', 'b.test'] });
	});

	it.each<[string, Buffer, { uris: string[]; dnsNames: string[] }]>([
		['a DNS name that lists an id', dns(`a, URI:${WEB}`), { uris: [], dnsNames: [`a, URI:${WEB}`] }],
		['a URI that lists another', uri(`spiffe://a/b, URI:${WEB}`), { uris: [`spiffe://a/b, URI:${WEB}`], dnsNames: [] }],
		['a URI with quotes', uri(`"${WEB}"`), { uris: [`"${WEB}"`], dnsNames: [] }],
		['a URI that ends in a backslash', uri('spiffe://a/b\\'), { uris: ['spiffe://a/b\\'], dnsNames: [] }],
		['a URI of nothing', uri(''), { uris: [''], dnsNames: [] }],
		['a URI with NUL', uri(`${WEB}\0x`), { uris: [`${WEB}\0x`], dnsNames: [] }],
		['an e-mail address that lists an id', email(`a, URI:${WEB}`), { uris: [], dnsNames: [] }],
		['a principal name that lists an id', principalName(`a, URI:${WEB}`), { uris: [], dnsNames: [] }],
		['a principal name with quotes', principalName(`", URI:${WEB}, "`), { uris: [], dnsNames: [] }],
	])('are read right of %s', (_name, made, expected) => {
		expect(read(made)).toEqual(expected);
	});

	it('are none without the extension', () => {
		const bare = certificate({ issuer: root });
		expect(namesOf(new X509Certificate(bare.der))).toEqual({ uris: [], dnsNames: [] });
		expect(namesOf({ subjectAltName: undefined })).toEqual({ uris: [], dnsNames: [] });
	});

	it('are those that were written, whatever stands in them', () => {
		const text = fc.string({ unit: fc.constantFrom(...' ,:"\\\'/=;aURIDNS\n\0\u007f\u00e9'), maxLength: 20 });
		const kinds = { uri, dns, email };
		const name = fc.record({ kind: fc.constantFrom('uri', 'dns', 'email'), text });
		fc.assert(
			fc.property(fc.array(name, { maxLength: 4 }), (all) => {
				// A URI is bytes; here they are read as Latin-1.
				const made = all.map(({ kind, text }) =>
					kind === 'uri' ? uriOfBytes(text) : kinds[kind as 'dns' | 'email'](text),
				);
				const found = read(...made);
				expect(found.uris).toEqual(all.filter(({ kind }) => kind === 'uri').map((each) => each.text));
				expect(found.dnsNames).toEqual(all.filter(({ kind }) => kind === 'dns').map((each) => each.text));
			}),
			{ numRuns: 500 },
		);
	});

	it('are read of any text without an error', () => {
		fc.assert(
			fc.property(fc.string({ unit: fc.constantFrom(...'URIDNS:, "\\a\n'), maxLength: 60 }), (text) => {
				const { uris, dnsNames } = namesOf({ subjectAltName: text });
				expect([...uris, ...dnsNames].every((each) => typeof each === 'string')).toBe(true);
			}),
			{ numRuns: 5000 },
		);
	});
});

/** `uri` of a text whose characters are bytes. */
function uriOfBytes(text: string): Buffer {
	const value = Buffer.from(text, 'latin1');
	return Buffer.concat([Buffer.from([0x86, value.length]), value]);
}
