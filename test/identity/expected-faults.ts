/** Why each case of the catalogue is refused, by the label that the metric and the log have for it. */
import type { HandshakeFault } from '../../src/ports/handshake.ts';
import type { CertificateCase } from '../support/pki/case.ts';

const TLS_FAULTS: Readonly<Record<string, HandshakeFault>> = {
	expired: 'expired',
	'just expired': 'expired',
	'not yet valid': 'not_yet_valid',
	'an hour ahead': 'not_yet_valid',
	'an end before its beginning': 'expired',
	'a key that may not sign': 'wrong_usage',
	'a key that may do nothing': 'untrusted',
	'for servers alone': 'wrong_usage',
	'for clients alone': 'wrong_usage',
	'for signing code': 'wrong_usage',
	'for any purpose': 'wrong_usage',
	'an unknown critical extension': 'bad_certificate',
	'basic constraints that are not DER': 'untrusted',
	'RSA of 1024 bits': 'too_weak',
	'SHA-1': 'too_weak',
	'SHA-1 with RSA': 'too_weak',
	MD5: 'too_weak',
	'P-224': 'protocol',
	'names that are not DER': 'untrusted',
	'names of an unknown kind': 'untrusted',
	'names twice': 'untrusted',
	'self-signed': 'untrusted',
	'an impostor of the CA': 'untrusted',
	'an impostor of the CA, sent along': 'untrusted',
	'an unknown CA': 'untrusted',
	'an unknown CA, sent along': 'untrusted',
	'a right leaf behind a wrong one': 'untrusted',
	'a missing intermediate': 'untrusted',
	'an expired intermediate': 'expired',
	'an intermediate that is not yet valid': 'not_yet_valid',
	'signed by a workload': 'wrong_usage',
	'an intermediate without basic constraints': 'wrong_usage',
	'an intermediate that may not sign': 'wrong_usage',
	'an intermediate for other purposes': 'wrong_usage',
	'a path that is too long': 'bad_certificate',
	'a hundred and one intermediates': 'untrusted',
	'outside the name constraint': 'bad_certificate',
	'one of two ids outside the name constraint': 'bad_certificate',
	'inside an excluded subtree': 'bad_certificate',
	'outside the constraint of an intermediate': 'bad_certificate',
	'another id after signing': 'untrusted',
	'another signature': 'untrusted',
};

/** Chains that TLS takes, around what is no id of our trust domain. Those that are not here have none at all. */
const SVID_FAULTS: Readonly<Record<string, HandshakeFault>> = {
	'a CA as leaf': 'wrong_usage',
	'a leaf that may sign certificates': 'wrong_usage',
	'a leaf that may sign revocations': 'wrong_usage',
	'a key that may not sign': 'wrong_usage',
	'two ids': 'several_identities',
	'the same id twice': 'several_identities',
	'an id and another URI': 'several_identities',
	'another URI and an id': 'several_identities',
	'a thousand ids': 'several_identities',
	'an id with a trust domain that ours is the beginning of': 'wrong_trust_domain',
	'an id with a trust domain that ends in ours': 'wrong_trust_domain',
	'an id with a trust domain below ours': 'wrong_trust_domain',
	'an id with another trust domain': 'wrong_trust_domain',
	'an id with a trust domain with a dot at its end': 'wrong_trust_domain',
};

/** Right, and more than we take. */
const OWN_LIMITS: Readonly<Record<string, HandshakeFault>> = { '64 KiB': 'bad_certificate' };

/** `null`: it is let in. */
export function faultOf({ name, expected }: CertificateCase, role: 'asClient' | 'asServer'): HandshakeFault | null {
	switch (expected[role]) {
		case 'trusted':
			return OWN_LIMITS[name] ?? null;
		case 'someone-else':
			return role === 'asClient' ? null : 'wrong_identity';
		case 'unidentified':
			return SVID_FAULTS[name] ?? 'no_identity';
		case 'untrusted': {
			const fault = TLS_FAULTS[name];
			if (fault === undefined) throw new Error(`no fault is expected of "${name}"`);
			return fault;
		}
		case 'unpresentable':
			throw new Error(`"${name}" cannot be presented`);
	}
}
