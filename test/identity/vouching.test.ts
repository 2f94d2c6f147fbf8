import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Vouching } from '../../src/identity/vouching.ts';
import {
	basicConstraints,
	type Certified,
	certificate,
	DAY_MS,
	extension,
	keyUsage,
	nameConstraints,
	names,
	uri,
} from '../support/pki/certificate.ts';
import { implicit, octets, sequence } from '../support/pki/der.ts';
import { authority, LEAF_PROFILE } from '../support/pki.ts';
import { present } from './presented.ts';

const SIGNER = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')];
const OURS = 'spiffe://ours/web';
const THEIRS = 'spiffe://theirs/web';
const ours = authority('root of ours');
const theirs = authority('root of theirs');

const leafOf = (issuer: Certified, id = OURS): Certified =>
	certificate({ issuer, extensions: [...LEAF_PROFILE, names(uri(id))] });
const between = (issuer: Certified, commonName = 'between', more: readonly Buffer[] = []): Certified =>
	certificate({ issuer, commonName, extensions: [...SIGNER, ...more] });
/** The same subject and key, by somebody else. */
const crossSigned = (signer: Certified, issuer: Certified, spec: object = {}): Certified => ({
	...certificate({ issuer, commonName: 'between', key: signer.key, extensions: SIGNER, ...spec }),
});

function vouching(bundles: Record<string, readonly Certified[]> = { ours: [ours], theirs: [theirs] }): Vouching {
	const authorities = Object.entries(bundles).map(
		([domain, all]) => [domain, all.map(({ pem }) => new X509Certificate(pem))] as const,
	);
	return new Vouching('ours', new Map(authorities));
}

/** That OpenSSL believes all of them is what makes the question. */
async function seen(chain: readonly Certified[], ca: readonly Certified[] = [ours, theirs]): Promise<X509Certificate> {
	const { certificate: leaf, fault } = await present(chain, ca);
	expect(fault).toBeNull();
	return leaf;
}

describe('the authority of a trust domain', () => {
	it.each([
		['itself', () => [leafOf(ours)]],
		['with one between', () => chainOf(between(ours))],
		[
			'with two between',
			() => {
				const upper = between(ours, 'upper');
				const lower = between(upper, 'lower');
				return [leafOf(lower), lower, upper];
			},
		],
		[
			'with two between in the wrong order',
			() => {
				const upper = between(ours, 'upper');
				const lower = between(upper, 'lower');
				return [leafOf(lower), upper, lower];
			},
		],
		['with its root sent along', () => [leafOf(ours), ours]],
		['with something else sent along', () => [leafOf(ours), theirs, authority('stranger')]],
	])('vouches for its own: %s', async (_, chain) => {
		expect(vouching().refusalOfId(await seen(chain()), OURS)).toBeNull();
	});

	it.each([
		['itself', () => [leafOf(theirs)]],
		['with one between', () => chainOf(between(theirs))],
		['with our root sent along', () => [leafOf(theirs), ours]],
		[
			'with one between that we have constrained, and they not',
			() => {
				const constrained = between(ours, 'between', [nameConstraints({ permitted: ['elsewhere'] })]);
				const crossed = crossSigned(constrained, theirs);
				return [leafOf(constrained), crossed, constrained];
			},
		],
		[
			'with one between of ours that has expired, and theirs not',
			() => {
				const expired = certificate({
					issuer: ours,
					commonName: 'between',
					extensions: SIGNER,
					from: -2 * DAY_MS,
					until: -DAY_MS,
				});
				const crossed = crossSigned(expired, theirs);
				return [leafOf(expired), crossed, expired];
			},
		],
		[
			'with one between that both have signed',
			() => {
				const both = between(ours);
				return [leafOf(both), both, crossSigned(both, theirs)];
			},
		],
	])('does not vouch for those of another: %s', async (_, chain) => {
		const refusal = vouching().refusalOfId(await seen(chain()), OURS);
		expect(refusal).toEqual({ fault: 'wrong_trust_domain', detail: 'theirs vouches for a name of ours' });
	});

	it('is that of the name, whosever it is', async () => {
		const judge = vouching();
		const leaf = await seen([leafOf(theirs, THEIRS)]);
		expect(judge.refusalOfId(leaf, THEIRS)).toBeNull();
		expect(judge.refusalOfId(await seen([leafOf(ours, THEIRS)]), THEIRS)?.fault).toBe('wrong_trust_domain');
		// A name without a trust domain is for our own authorities to give.
		expect(judge.refusalOfHost(leaf)?.fault).toBe('wrong_trust_domain');
		expect(judge.refusalOfHost(await seen([leafOf(ours)]))).toBeNull();
	});

	it('is told from one of the same name by its key, as those of SPIRE are', async () => {
		const [first, second] = [keyed('a'), keyed('b')];
		const judge = vouching({ ours: [first.root], theirs: [second.root] });
		const all = [second.root, first.root];
		expect(judge.refusalOfId(await seen([first.leaf], all), OURS)).toBeNull();
		expect(judge.refusalOfId(await seen([second.leaf], all), OURS)?.fault).toBe('wrong_trust_domain');
	});

	it('may be one of several, as while a root is replaced', async () => {
		const next = authority('next root of ours');
		const judge = vouching({ ours: [ours, next], theirs: [theirs] });
		expect(judge.refusalOfId(await seen([leafOf(ours)], [ours, next, theirs]), OURS)).toBeNull();
		expect(judge.refusalOfId(await seen([leafOf(next)], [ours, next, theirs]), OURS)).toBeNull();
		// The old root has signed the new one, and both are believed.
		const signed = {
			...certificate({ issuer: ours, commonName: 'next root of ours', key: next.key, extensions: SIGNER }),
		};
		expect(judge.refusalOfId(await seen([leafOf(next), signed], [ours, next, theirs]), OURS)).toBeNull();
	});

	it('may be that of two trust domains, if both say so', async () => {
		const judge = vouching({ ours: [ours], theirs: [theirs, ours] });
		expect(judge.refusalOfId(await seen([leafOf(ours)]), OURS)).toBeNull();
		expect(judge.refusalOfId(await seen([leafOf(ours, THEIRS)]), THEIRS)).toBeNull();
		expect(judge.refusalOfId(await seen([leafOf(theirs)]), OURS)?.fault).toBe('wrong_trust_domain');
	});

	it('may have issued another of its own bundle', async () => {
		const sub = between(ours, 'sub');
		const judge = vouching({ ours: [ours, sub], theirs: [theirs] });
		expect(judge.refusalOfId(await seen([leafOf(sub)], [ours, sub, theirs]), OURS)).toBeNull();
	});

	it('is not found among more certificates than a chain has', async () => {
		const chain = [leafOf(ours), ...Array.from({ length: 9 }, (_, index) => authority(`stranger ${index}`))];
		expect(vouching().refusalOfId(await seen(chain), OURS)?.fault).toBe('bad_certificate');
	});

	it('is no key that merely has the name', async () => {
		// Neither of them has signed it: OpenSSL would not have let it through, and nothing here does.
		const { certificate: leaf } = await present([leafOf(authority('root of ours'))], [ours]);
		expect(vouching().refusalOfId(leaf, OURS)).toEqual({
			fault: 'wrong_trust_domain',
			detail: 'nobody in this session vouches for a name of ours',
		});
	});
});

describe('a resumed session', () => {
	it('is believed by a leaf that an authority has signed itself', () => {
		expect(vouching().refusalOfId(new X509Certificate(leafOf(ours).pem), OURS)).toBeNull();
		expect(vouching().refusalOfId(new X509Certificate(leafOf(theirs).pem), OURS)?.fault).toBe('wrong_trust_domain');
	});

	it('is believed by a leaf that was believed with its chain, and by no other', async () => {
		const judge = vouching();
		const chain = chainOf(between(ours));
		const [leaf] = chain;
		const resumed = new X509Certificate(leaf?.pem ?? '');
		expect(judge.refusalOfId(resumed, OURS)?.fault).toBe('wrong_trust_domain');
		expect(judge.refusalOfId(await seen(chain), OURS)).toBeNull();
		expect(judge.refusalOfId(resumed, OURS)).toBeNull();
		expect(judge.refusalOfId(resumed, THEIRS)?.fault).toBe('wrong_trust_domain');
		expect(vouching().refusalOfId(resumed, OURS)?.fault).toBe('wrong_trust_domain');
	});

	it('is not believed where its whole handshake was not', async () => {
		const judge = vouching();
		const chain = chainOf(between(theirs));
		const [leaf] = chain;
		expect(judge.refusalOfId(await seen(chain), OURS)?.fault).toBe('wrong_trust_domain');
		expect(judge.refusalOfId(new X509Certificate(leaf?.pem ?? ''), OURS)?.fault).toBe('wrong_trust_domain');
	});

	it('is forgotten after some thousand others', async () => {
		const judge = vouching();
		const chain = chainOf(between(ours));
		const [leaf] = chain;
		const resumed = new X509Certificate(leaf?.pem ?? '');
		expect(judge.refusalOfId(await seen(chain), OURS)).toBeNull();
		const other = leafOf(ours);
		const root = new X509Certificate(ours.pem);
		for (let i = 0; i < 4096; i++) {
			const stranger = {
				fingerprint256: String(i),
				issuerCertificate: undefined,
				checkIssued: (issuer: X509Certificate) => issuer.fingerprint256 === root.fingerprint256,
				verify: () => true,
			};
			expect(judge.refusalOfId(stranger as unknown as X509Certificate, OURS)).toBeNull();
		}
		expect(judge.refusalOfId(resumed, OURS)?.fault).toBe('wrong_trust_domain');
		expect(judge.refusalOfId(new X509Certificate(other.pem), OURS)).toBeNull();
	});
});

function chainOf(issuer: Certified): Certified[] {
	return [leafOf(issuer), issuer];
}

/** A root with the name of all SPIRE roots, and a leaf of ours by it. Each says whose key it means. */
function keyed(keyId: string): { root: Certified; leaf: Certified } {
	const root = authority('SPIFFE', [extension('2.5.29.14', false, octets(Buffer.from(keyId)))]);
	const mark = extension('2.5.29.35', false, sequence(implicit(0, Buffer.from(keyId))));
	return { root, leaf: certificate({ issuer: root, extensions: [...LEAF_PROFILE, names(uri(OURS)), mark] }) };
}
