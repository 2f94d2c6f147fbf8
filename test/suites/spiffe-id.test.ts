import { describe, expect, it } from 'vitest';
import { parseSpiffeId, type SpiffeIdFault } from '../../src/config/spiffe-id.ts';
import { leftOut, loadSuite } from './load-suite.ts';

interface SpiffeIdCase {
	id: string;
	in: string;
	ok: boolean;
	trust_domain?: string;
	path?: string;
	error?: string;
}

const LEFT_OUT = leftOut(['spiffe-id']);
if (LEFT_OUT !== '') console.warn(LEFT_OUT);

/** What go-spiffe says of an id, in our words. */
const OURS: Readonly<Record<string, SpiffeIdFault>> = {
	'cannot be empty': 'is empty',
	'scheme is missing or invalid': 'does not begin with spiffe:// (in lower case)',
	'trust domain is missing': 'has no trust domain',
	'trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores':
		'has a trust domain with other characters than a-z, 0-9, ".", "-" and "_"',
	'path cannot contain empty segments': 'has a path with an empty segment',
	'path cannot contain dot segments': 'has a path with a dot segment',
	'path cannot have a trailing slash': 'has a path that ends in a slash',
	'path segment characters are limited to letters, numbers, dots, dashes, and underscores':
		'has a path with other characters than A-Z, a-z, 0-9, ".", "-" and "_"',
};

describe.runIf(LEFT_OUT === '')('SPIFFE ids against the tests of go-spiffe', () => {
	const all = LEFT_OUT === '' ? loadSuite<SpiffeIdCase>('spiffe-id').cases : [];

	it('are read and refused as there, for the same reason, without an exception', () => {
		const different = all.filter((one) => {
			const wanted = one.ok
				? { ok: true, trustDomain: one.trust_domain, path: one.path }
				: { ok: false, reason: OURS[one.error ?? ''] };
			return JSON.stringify(parseSpiffeId(one.in)) !== JSON.stringify(wanted);
		});
		expect(different).toEqual([]);
		expect(all).toHaveLength(539);
	});
});
