import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PeerName } from '../../src/config/identity-config.ts';
import { clientJudge, serverJudge } from '../../src/identity/judges.ts';
import { certificate, dns, ip, names, uri } from '../support/pki/certificate.ts';
import { LEAF_PROFILE, testPki, WEB } from '../support/pki.ts';

const OURS = 'spiffe://mesh.local/ns/shop/sa/orders';
const ELSEWHERE = 'spiffe://other.local/ns/shop/sa/web';

function leaf(...all: readonly Buffer[]): X509Certificate {
	const extensions = [...LEAF_PROFILE, ...(all.length > 0 ? [names(...all)] : [])];
	return new X509Certificate(certificate({ issuer: testPki().root, extensions }).der);
}

const fault = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });

describe('a client', () => {
	const judge = (takesAnonymous: boolean, domains: readonly string[] = ['mesh.local']) =>
		clientJudge({ takesAnonymous, ownId: OURS, trustDomains: new Set(domains) });

	it('without a certificate is let in as nobody, where that is allowed', () => {
		expect(judge(true)(undefined, null)).toEqual({ principal: '', certificateElement: '', expiresAt: 0 });
		expect(judge(false)(undefined, null)).toMatchObject({ fault: 'no_certificate' });
	});

	it('with a bad certificate is refused everywhere', () => {
		for (const takesAnonymous of [true, false]) {
			expect(judge(takesAnonymous)(leaf(uri(WEB)), fault)).toMatchObject({ fault: 'expired' });
			expect(judge(takesAnonymous)(leaf(dns('a.test')), null)).toMatchObject({ fault: 'no_identity' });
			expect(judge(takesAnonymous)(leaf(uri(ELSEWHERE)), null)).toMatchObject({ fault: 'wrong_trust_domain' });
		}
	});

	it('is who its certificate says, and the app hears of it', () => {
		const certified = leaf(uri(WEB), dns('web.test'));
		const hash = certified.fingerprint256.replaceAll(':', '').toLowerCase();
		expect(judge(false)(certified, null)).toEqual({
			principal: WEB,
			certificateElement: `By=${OURS};Hash=${hash};Subject="CN=test";URI=${WEB};DNS=web.test`,
			expiresAt: certified.validToDate.getTime(),
		});
	});

	it('is of any trust domain where the bundle speaks for none in particular', () => {
		expect(judge(false, [])(leaf(uri(ELSEWHERE)), null)).toMatchObject({ principal: ELSEWHERE });
		expect(judge(false, ['mesh.local', 'other.local'])(leaf(uri(ELSEWHERE)), null)).toMatchObject({
			principal: ELSEWHERE,
		});
	});
});

describe('an endpoint', () => {
	const judge = (wanted: readonly PeerName[], domains: readonly string[] = ['mesh.local'], ownDomain = 'mesh.local') =>
		serverJudge({ names: wanted, ownDomain, trustDomains: new Set(domains) });
	const id = (value: string): PeerName => ({ type: 'uri', value });
	const host = (value: string): PeerName => ({ type: 'dns', value });

	it.each<[string, readonly PeerName[], readonly Buffer[], object]>([
		['is who it should be', [id(WEB)], [uri(WEB)], { principal: WEB }],
		['is one of those that it may be', [id(OURS), id(WEB)], [uri(WEB)], { principal: WEB }],
		['is somebody else', [id(OURS)], [uri(WEB)], { fault: 'wrong_identity' }],
		['has an id that begins as it should', [id(WEB)], [uri(`${WEB}-2`)], { fault: 'wrong_identity' }],
		['has two ids', [id(WEB)], [uri(WEB), uri(OURS)], { fault: 'several_identities' }],
		['has no id', [id(WEB)], [dns('web.test')], { fault: 'no_identity' }],
		['is of another trust domain', [id(ELSEWHERE)], [uri(ELSEWHERE)], { fault: 'wrong_trust_domain' }],
		['has the DNS name', [host('web.test')], [dns('web.test')], { principal: '' }],
		['has the DNS name by a wildcard', [host('a.web.test')], [dns('*.web.test')], { principal: '' }],
		['has a wildcard over two labels', [host('a.b.web.test')], [dns('*.web.test')], { fault: 'wrong_identity' }],
		['has the DNS name in other letters', [host('web.test')], [dns('WEB.test')], { principal: '' }],
		['has the name as its common name alone', [host('test')], [uri(WEB)], { fault: 'wrong_identity' }],
		['has another DNS name', [host('web.test')], [dns('web.test.evil')], { fault: 'wrong_identity' }],
		['has the DNS name before NUL', [host('web.test')], [dns('web.test\0.evil')], { fault: 'wrong_identity' }],
		['has the address', [host('127.0.0.1')], [ip(127, 0, 0, 1)], { principal: '' }],
		['has the address as DNS name', [host('127.0.0.1')], [dns('127.0.0.1')], { fault: 'wrong_identity' }],
		['has the id as DNS name', [id(WEB)], [dns(WEB)], { fault: 'no_identity' }],
		['has one of an id and a DNS name', [id(OURS), host('web.test')], [uri(WEB), dns('web.test')], { principal: '' }],
		['has neither of an id and a DNS name', [id(OURS), host('x.test')], [uri(WEB)], { fault: 'wrong_identity' }],
	])('that %s', (_name, wanted, all, expected) => {
		expect(judge(wanted)(leaf(...all), null)).toMatchObject(expected);
	});

	it('of no name in particular is any of our own trust domain, and no other', () => {
		expect(judge([])(leaf(uri(WEB)), null)).toMatchObject({ principal: WEB });
		expect(judge([])(leaf(dns('web.test')), null)).toMatchObject({ fault: 'no_identity' });
		for (const domains of [[], ['mesh.local', 'other.local']]) {
			expect(judge([], domains)(leaf(uri(ELSEWHERE)), null)).toMatchObject({ fault: 'wrong_trust_domain' });
		}
		const detail = `${WEB} is not of our own trust domain, of which our certificate names none`;
		expect(judge([], [], '')(leaf(uri(WEB)), null)).toMatchObject({ fault: 'wrong_trust_domain', detail });
	});

	it('without a certificate, or with one that is not believed, is nobody', () => {
		expect(judge([id(WEB)])(undefined, null)).toMatchObject({ fault: 'no_certificate' });
		expect(judge([host('web.test')])(leaf(dns('web.test')), fault)).toMatchObject({ fault: 'expired' });
	});

	it('is told of with the names that it has, not with all', () => {
		const many = leaf(...['a', 'b', 'c', 'd'].map((each) => dns(`${each}.test`)));
		const refusal = judge([host('x.test')])(many, null);
		expect(refusal).toMatchObject({ detail: 'the certificate is for a.test, b.test, c.test, …, not for x.test' });
		expect(judge([host('x.test')])(leaf(), null)).toMatchObject({
			detail: 'the certificate is for nobody, not for x.test',
		});
	});
});
