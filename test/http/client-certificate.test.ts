import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CertificateFacts, certificateElement } from '../../src/http/client-certificate.ts';

const HASH = '556ebe7e384ca1ca5ad269c6f3be321e8b5fbd0918aee83284043145210ee2f2';
const BY = 'spiffe://mesh.local/ns/shop/sa/orders';
const WEB = 'spiffe://mesh.local/ns/shop/sa/web';
const PLAIN: CertificateFacts = {
	by: BY,
	hash: HASH,
	subject: 'O=Shop\nCN=web',
	uris: [WEB],
	dnsNames: ['web.shop', 'b.shop'],
};

function elementOf(facts: Partial<CertificateFacts>): string {
	return certificateElement({ by: '', hash: 'ab', subject: '', uris: [WEB], dnsNames: [], ...facts });
}

/** Elements and their pairs as a reader sees them that knows of quotes and of `\"`, and of nothing else. */
function parsed(list: string): [string, string][][] {
	const elements: [string, string][][] = [[]];
	for (let rest = list; rest !== ''; ) {
		const match = /^([A-Za-z]+)=(?:"((?:[^"\\]|\\"|\\(?!"))*)"|([^",;=]*))([,;]|$)/.exec(rest);
		if (match === null) throw new Error(`malformed from ${rest}`);
		elements.at(-1)?.push([match[1] ?? '', (match[2] ?? match[3] ?? '').replaceAll('\\"', '"')]);
		if (match[4] === ',') elements.push([]);
		rest = rest.slice(match[0].length);
	}
	return elements;
}

describe('the element of a client certificate', () => {
	// What Envoy 1.40 sent to an app; the certificate of the second also had a backslash in its subject.
	it('is what Envoy writes', () => {
		expect(certificateElement(PLAIN)).toBe(
			`By=${BY};Hash=${HASH};Subject="CN=web,O=Shop";URI=${WEB};DNS=web.shop;DNS=b.shop`,
		);
	});

	it('is what Envoy writes of a subject with everything in it that is escaped', () => {
		const subject = 'C=DE\nO=Shop\\, Inc \\"x\\" y=z\nOU=one + OU=two\nCN=w\u00e9b\\;a \\+ b\\<#\\ ';
		expect(elementOf({ subject })).toBe(
			`Hash=ab;Subject="CN=w\\C3\\A9b\\;a \\+ b\\<#\\ ,OU=two+OU=one,O=Shop\\, Inc \\"x\\" y=z,C=DE";URI=${WEB}`,
		);
	});

	it('is what Envoy writes of a certificate without subject and URI', () => {
		expect(certificateElement({ ...PLAIN, subject: '', uris: [] })).toBe(
			`By=${BY};Hash=${HASH};Subject="";URI=;DNS=web.shop;DNS=b.shop`,
		);
	});

	it('takes a hash as it is usually printed', () => {
		expect(elementOf({ hash: 'AB:01:Ff' })).toContain('Hash=ab01ff;');
	});

	it.each([
		['https://a/?x=1', '"https://a/?x=1"'],
		['a,b', '"a,b"'],
		['a;b', '"a;b"'],
		['a"b', '"a\\"b"'],
		['a\\', 'a%5C'],
		['a\\"b', '"a%5C\\"b"'],
		['a b', 'a%20b'],
		['a\r\nx: y', 'a%0D%0Ax:%20y'],
		['\u00e9', '%C3%A9'],
		['\u{1f600}', '%F0%9F%98%80'],
		['\0', '%00'],
	])('writes the name %j as %s', (name, written) => {
		expect(elementOf({ uris: [name], dnsNames: [name] })).toBe(`Hash=ab;Subject="";URI=${written};DNS=${written}`);
	});

	it.each([
		['CN=a\\\\', 'CN=a\\5C'],
		['CN=a\\\\\\"', 'CN=a\\5C\\"'],
		['CN=a"b', 'CN=a\\"b'],
		['CN=a\rb', 'CN=a\\0Db'],
		['CN=\\0A', 'CN=\\0A'],
	])('writes the subject %j as %s', (subject, written) => {
		expect(elementOf({ subject })).toBe(`Hash=ab;Subject="${written}";URI=${WEB}`);
	});

	it('is one element of plain characters with the names that the certificate has, whatever they are', () => {
		const odd = fc.string({
			unit: fc.oneof(
				fc.constantFrom('"', '\\', ',', ';', '=', '\r', '\n', 'a', ' ', '+'),
				fc.string({ unit: 'binary', maxLength: 1 }),
			),
		});
		// As OpenSSL escapes them.
		const attribute = odd.map((text) => `CN=${text.replace(/[\\",;+<>]/g, '\\$&').replaceAll('\n', '\\0A')}`);
		fc.assert(
			fc.property(fc.array(attribute, { maxLength: 3 }), fc.array(odd, { maxLength: 3 }), (lines, names) => {
				const element = elementOf({ subject: lines.join('\n'), uris: ['x', ...names], dnsNames: names });
				expect(element).toMatch(/^[ -~]*$/);
				const [pairs = [], ...others] = parsed(`${element},Hash=cd`);
				expect(others).toEqual([[['Hash', 'cd']]]);
				const keys = pairs.map(([key]) => key);
				expect(keys).toEqual(['Hash', 'Subject', 'URI', ...names.map(() => 'URI'), ...names.map(() => 'DNS')]);
			}),
			{ numRuns: 1000 },
		);
	});
});
