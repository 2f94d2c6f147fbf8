import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namespaceOf, parseSpiffeId } from '../../src/config/spiffe-id.ts';

const BAD_DOMAIN = 'has a trust domain with other characters than a-z, 0-9, ".", "-" and "_"';
const BAD_PATH = 'has a path with other characters than A-Z, a-z, 0-9, ".", "-" and "_"';

/** The rule, its section of the SPIFFE-ID standard, the text, and what is wrong with it (`''`: nothing). */
const CASES: readonly (readonly [rule: string, section: string, text: string, fault: string])[] = [
	['a workload of a namespace', '§2', 'spiffe://mesh.local/ns/shop/sa/web', ''],
	['the trust domain itself', '§2', 'spiffe://mesh.local', ''],
	['a path in mixed case', '§2.2', 'spiffe://mesh.local/Web', ''],
	['no scheme', '§2', 'mesh.local/web', 'does not begin with spiffe:// (in lower case)'],
	['another scheme', '§2', 'https://mesh.local/web', 'does not begin with spiffe:// (in lower case)'],
	['a blank before it', '§2', ' spiffe://mesh.local/web', 'does not begin with spiffe:// (in lower case)'],
	['a trust domain in upper case', '§2.1', 'spiffe://Mesh.local/web', BAD_DOMAIN],
	['a port', '§2.1', 'spiffe://mesh.local:8443/web', BAD_DOMAIN],
	['user info', '§2.1', 'spiffe://me@mesh.local/web', BAD_DOMAIN],
	['an escape in the trust domain', '§2.1', 'spiffe://mesh%2elocal/web', BAD_DOMAIN],
	['an address in brackets', '§2.1', 'spiffe://[::1]/web', BAD_DOMAIN],
	['a query and no path', '§2', 'spiffe://mesh.local?a=b', BAD_DOMAIN],
	['a query', '§2', 'spiffe://mesh.local/web?a=b', BAD_PATH],
	['a fragment', '§2', 'spiffe://mesh.local/web#a', BAD_PATH],
	['an escape in the path', '§2.2', 'spiffe://mesh.local/w%65b', BAD_PATH],
	['an escaped dot segment', '§2.2', 'spiffe://mesh.local/%2e%2e/web', BAD_PATH],
	['a backslash', '§2.2', 'spiffe://mesh.local/ns\\shop', BAD_PATH],
	['a line end', '§2.2', 'spiffe://mesh.local/web\n', BAD_PATH],
	['a NUL, behind which C would not look', '§2.2', 'spiffe://mesh.local/web\0/evil', BAD_PATH],
	['a comma, which would part a list', '§2.2', 'spiffe://mesh.local/web,URI=spiffe://x', BAD_PATH],
	['a letter that looks like another', '§2.1', 'spiffe://m\u0435sh.local/web', BAD_DOMAIN],
	['a letter whose low byte is a slash', '§2.2', 'spiffe://mesh.local/\u012f', BAD_PATH],
	['a lone surrogate', '§2.2', 'spiffe://mesh.local/\ud800', BAD_PATH],
	['a trust domain of 255 bytes', '§2.3', `spiffe://${'a'.repeat(255)}/web`, ''],
	[
		'a trust domain of 256 bytes',
		'§2.3',
		`spiffe://${'a'.repeat(256)}`,
		'has a trust domain that is longer than 255 bytes',
	],
	['an id of 2048 bytes', '§2.3', `spiffe://a/${'b'.repeat(2037)}`, ''],
	['an id of 2049 bytes', '§2.3', `spiffe://a/${'b'.repeat(2038)}`, 'is longer than 2048 bytes'],
];

describe('a SPIFFE id', () => {
	it.each(CASES)('with %s (%s)', (_rule, _section, text, fault) => {
		const id = parseSpiffeId(text);
		expect(id.ok ? '' : id.reason).toBe(fault);
	});

	it('is put together again from its parts', () => {
		const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/).filter((text) => text !== '.' && text !== '..');
		const domain = fc.stringMatching(/^[a-z0-9._-]{1,40}$/);
		fc.assert(
			fc.property(domain, fc.array(segment, { maxLength: 6 }), (trustDomain, segments) => {
				const path = segments.map((one) => `/${one}`).join('');
				expect(parseSpiffeId(`spiffe://${trustDomain}${path}`)).toEqual({ ok: true, trustDomain, path });
			}),
		);
	});

	it('that is taken is what the standard describes, whatever it is made of', () => {
		const text = fc.array(fc.constantFrom('spiffe:', '//', '/', '.', '..', 'a', 'Z', '%2e', ' ', '\u0430'));
		fc.assert(
			fc.property(text, (parts) => {
				const id = `spiffe://${parts.join('')}`;
				const isValid = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/.test(id);
				expect(parseSpiffeId(id).ok).toBe(isValid);
			}),
		);
	});
});

describe('the namespace of a SPIFFE id', () => {
	it.each([
		['spiffe://mesh.local/ns/shop/sa/web', 'shop'],
		['spiffe://mesh.local/ns/shop/sa/sa', 'shop'],
		['spiffe://mesh.local/ns/ns/sa/web', 'ns'],
		['spiffe://mesh.local/ns/shop', ''],
		['spiffe://mesh.local/ns/shop/sa', ''],
		['spiffe://mesh.local/ns/shop/sa/web/more', ''],
		['spiffe://mesh.local/x/ns/shop/sa/web', ''],
		['spiffe://mesh.local/NS/shop/sa/web', ''],
		['spiffe://mesh.local/web', ''],
		['spiffe://mesh.local', ''],
		['spiffe://ns/shop/sa/web', ''],
		['', ''],
		['/ns/shop/sa/web', ''],
	])('%s is %j', (id, namespace) => {
		expect(namespaceOf(id)).toBe(namespace);
	});
});
