/** Chains that are right, around names that are not: what only a reader of names can refuse. */
import { LEAF_PROFILE, type Pki, WEB } from '../pki.ts';
import { type CertificateCase, caseOf, type Verdict } from './case.ts';
import { certificate, dns, email, extension, ip, names, principalName, uri } from './certificate.ts';
import { sequence, tlv } from './der.ts';

interface NameCase {
	readonly name: string;
	readonly describe: string;
	readonly names: readonly Buffer[];
	readonly verdict?: Verdict;
}

/** The id on the left is read as the one on the right by whoever mends ids. */
const ALMOST_IDS: readonly (readonly [name: string, id: string])[] = [
	['a trust domain that ours is the beginning of', 'spiffe://mesh.local.evil.test/ns/shop/sa/web'],
	['a trust domain that ends in ours', 'spiffe://evil-mesh.local/ns/shop/sa/web'],
	['a trust domain below ours', 'spiffe://a.mesh.local/ns/shop/sa/web'],
	['another trust domain', 'spiffe://other.local/ns/shop/sa/web'],
	['a trust domain in upper case', 'spiffe://MESH.LOCAL/ns/shop/sa/web'],
	['a trust domain with a dot at its end', 'spiffe://mesh.local./ns/shop/sa/web'],
	['no trust domain', 'spiffe:///ns/shop/sa/web'],
	['a scheme in upper case', 'SPIFFE://mesh.local/ns/shop/sa/web'],
	['another scheme', 'https://mesh.local/ns/shop/sa/web'],
	['one slash after the scheme', 'spiffe:/mesh.local/ns/shop/sa/web'],
	['the trust domain alone', 'spiffe://mesh.local'],
	['a slash at its end', 'spiffe://mesh.local/ns/shop/sa/web/'],
	['an empty segment', 'spiffe://mesh.local/ns//shop/sa/web'],
	['a dot segment', 'spiffe://mesh.local/ns/evil/../shop/sa/web'],
	['percent encoding', 'spiffe://mesh.local/ns/shop/sa/%77eb'],
	['a query', 'spiffe://mesh.local/ns/shop/sa/web?x=1'],
	['a fragment', 'spiffe://mesh.local/ns/shop/sa/web#x'],
	['a port', 'spiffe://mesh.local:443/ns/shop/sa/web'],
	['user information', 'spiffe://evil@mesh.local/ns/shop/sa/web'],
	['a trust domain after user information', 'spiffe://mesh.local@evil.test/ns/shop/sa/web'],
	['a wildcard', 'spiffe://mesh.local/ns/*/sa/*'],
	['a backslash', 'spiffe://mesh.local\\ns\\shop\\sa\\web'],
	['a blank at its end', `${WEB} `],
	['a line feed', `${WEB}\nURI:spiffe://mesh.local/ns/shop/sa/admin`],
	['a letter that only looks right', 'spiffe://mesh.local/ns/shop/sa/wеb'],
	['more than 2048 bytes', `spiffe://mesh.local/${'a'.repeat(2100)}`],
	['NUL and more after an id', `${WEB}\0.evil.test`],
	['an id after NUL', `\0${WEB}`],
	['nothing', ''],
	['a comma and then another id, as lists of names are written', `spiffe://mesh.local/x, URI:${WEB}`],
	['quotes around an id', `"${WEB}"`],
];

const NAME_CASES: readonly NameCase[] = [
	{
		name: 'another path',
		describe: 'a right certificate of another workload',
		names: [uri('spiffe://mesh.local/ns/other/sa/stranger')],
		verdict: 'someone-else',
	},
	{ name: 'no URI', describe: 'DNS names alone', names: [dns('web.shop.svc'), dns('localhost')] },
	{ name: 'two ids', describe: 'ours and another', names: [uri(WEB), uri('spiffe://mesh.local/ns/shop/sa/admin')] },
	{ name: 'the same id twice', describe: 'X509-SVID §2: exactly one URI', names: [uri(WEB), uri(WEB)] },
	{ name: 'an id and another URI', describe: 'X509-SVID §2', names: [uri(WEB), uri('https://web.shop.svc/')] },
	{ name: 'another URI and an id', describe: 'X509-SVID §2', names: [uri('urn:x'), uri(WEB)] },
	{ name: 'a thousand ids', describe: 'one of which is ours', names: thousand((n) => uri(`${WEB}-${n}`), uri(WEB)) },
	{ name: 'an id as DNS name', describe: 'the text is right, its kind is not', names: [dns(WEB)] },
	{ name: 'an id as e-mail address', describe: 'the text is right, its kind is not', names: [email(WEB)] },
	{ name: 'an id as principal name', describe: 'the text is right, its kind is not', names: [principalName(WEB)] },
	{ name: 'an address alone', describe: '127.0.0.1', names: [ip(127, 0, 0, 1)] },
	{
		name: 'a DNS name that lists an id',
		describe: 'what a list of names as text makes of it is an id (CVE-2021-44532)',
		names: [dns(`a, URI:${WEB}`)],
	},
	{ name: 'a DNS name with NUL', describe: 'and no URI', names: [dns('web.shop.svc\0.evil.test')] },
];

function thousand(name: (n: number) => Buffer, ...more: readonly Buffer[]): Buffer[] {
	return [...Array.from({ length: 1000 - more.length }, (_, n) => name(n)), ...more];
}

export function nameCases({ root }: Pki): CertificateCase[] {
	const leaf = (...more: readonly Buffer[]) => certificate({ issuer: root, extensions: [...LEAF_PROFILE, ...more] });
	const almost = ALMOST_IDS.map(([what, id]) => ({
		name: `an id with ${what}`,
		describe: JSON.stringify(id),
		names: [uri(id)],
	}));
	const listed = [...NAME_CASES, ...almost].map(({ name, describe, verdict = 'unidentified', names: all }: NameCase) =>
		caseOf({ name, describe, chain: [leaf(names(...all))], verdict }),
	);
	return [
		...listed,
		caseOf({
			name: 'no names',
			describe: 'no extension of alternative names',
			chain: [leaf()],
			verdict: 'unidentified',
		}),
		caseOf({
			name: 'an id in the subject alone',
			describe: 'as its common name',
			chain: [certificate({ issuer: root, commonName: WEB, extensions: LEAF_PROFILE })],
			verdict: 'unidentified',
		}),
		caseOf({
			name: 'version 1',
			describe: 'there are no extensions, so no names either',
			chain: [certificate({ issuer: root, version: 1 })],
			verdict: 'unidentified',
		}),
		caseOf({
			name: 'names that are not DER',
			describe: 'the extension holds a sequence that ends too early',
			chain: [leaf(extension('2.5.29.17', false, Buffer.from([0x30, 0x20, 0x86, 0x10])))],
			verdict: 'untrusted',
		}),
		caseOf({
			name: 'names of an unknown kind',
			describe: 'tag 9 is not given to any',
			chain: [leaf(extension('2.5.29.17', false, sequence(tlv(0x89, Buffer.from(WEB)))))],
			verdict: 'untrusted',
		}),
		caseOf({
			name: 'names twice',
			describe: 'RFC 5280 §4.2: no extension more than once',
			chain: [leaf(names(uri(WEB)), names(uri('spiffe://mesh.local/ns/shop/sa/admin')))],
			verdict: 'untrusted',
		}),
	];
}
