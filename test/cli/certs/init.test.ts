import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basicConstraints, certificate } from '../../support/pki/certificate.ts';
import { authority } from '../../support/pki.ts';
import { CertsFolder } from './folder.ts';

let folder: CertsFolder;
beforeEach(() => {
	folder = new CertsFolder();
});
afterEach(() => folder.remove());

describe('certs init', () => {
	it('makes a CA that openssl takes for one, bound to its trust domain', async () => {
		expect((await folder.init({ trustDomain: 'mesh.local' })).code).toBe(0);
		const text = folder.openssl('x509', '-in', 'ca.pem', '-noout', '-text');
		expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
		expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
		expect(text).toMatch(/Name Constraints: critical\s+Permitted:\s+URI:mesh\.local\n/);
		expect(text).toMatch(/Subject Alternative Name: \s+URI:spiffe:\/\/mesh\.local\n/);
		expect(text).toContain('Subject Key Identifier');
		expect(text).toContain('ecdsa-with-SHA256');
		expect(text).toContain('NIST CURVE: P-256');
		expect(folder.openssl('verify', '-x509_strict', '-CAfile', 'ca.pem', 'ca.pem')).toContain('ca.pem: OK');
		const ca = new X509Certificate(folder.read('ca.pem'));
		expect(ca.ca).toBe(true);
		expect(ca.checkPrivateKey(createPrivateKey(folder.read('ca.key')))).toBe(true);
	});

	it('is valid from a little before now on, for ten years', async () => {
		const now = new Date('2026-11-27T10:00:00.700Z');
		await folder.init({}, now);
		const { validFromDate, validToDate } = new X509Certificate(folder.read('ca.pem'));
		expect(validFromDate).toEqual(new Date('2026-11-27T09:55:00Z'));
		expect(validToDate).toEqual(new Date('2036-11-24T10:00:00Z'));
	});

	it('keeps the key to its owner, whatever the umask, and leaves nothing else behind', async () => {
		const before = process.umask(0);
		await folder.init();
		process.umask(before);
		expect(folder.mode('ca.key')).toBe(0o600);
		expect(folder.mode('ca.pem')).toBe(0o644);
		expect(readdirSync(folder.path).sort()).toEqual(['ca.key', 'ca.pem']);
	});

	it('makes the folder', async () => {
		expect((await folder.init({ dir: folder.file('a/b') })).code).toBe(0);
		expect(existsSync(folder.file('a/b/ca.key'))).toBe(true);
	});

	it('keeps a CA that is there, and says so', async () => {
		await folder.init({ trustDomain: 'shop.test' });
		const before = [folder.read('ca.pem'), folder.read('ca.key')];
		for (const options of [{}, { trustDomain: 'shop.test' }]) {
			const again = await folder.init(options);
			expect(again.code).toBe(0);
			expect(again.stderr).toContain('kept the CA that is there, of shop.test');
		}
		expect([folder.read('ca.pem'), folder.read('ca.key')]).toEqual(before);
	});

	it('does not take a CA of another trust domain for the one that was asked for', async () => {
		await folder.init();
		const { code, stderr } = await folder.init({ trustDomain: 'other.local' });
		expect(code).toBe(64);
		expect(stderr).toContain('is there already and of mesh.local, not of other.local');
	});

	it('is one CA for all who ask at the same moment', async () => {
		const said = await Promise.all(Array.from({ length: 12 }, () => folder.init({ json: true })));
		expect(said.map(({ code }) => code)).toEqual(said.map(() => 0));
		const told = said.map(({ stdout }) => JSON.parse(stdout) as { created: boolean; fingerprint256: string });
		expect(told.filter(({ created }) => created)).toHaveLength(1);
		expect(new Set(told.map(({ fingerprint256 }) => fingerprint256)).size).toBe(1);
		expect(readdirSync(folder.path).sort()).toEqual(['ca.key', 'ca.pem']);
	});

	it('prints where everything is as JSON', async () => {
		const { stdout, stderr } = await folder.init({ json: true });
		expect(stderr).toBe('');
		expect(JSON.parse(stdout)).toEqual({
			created: true,
			trustDomain: 'mesh.local',
			certificate: folder.file('ca.pem'),
			key: folder.file('ca.key'),
			validFrom: expect.stringMatching(/^\d{4}-.*Z$/),
			validTo: expect.stringMatching(/^\d{4}-.*Z$/),
			fingerprint256: new X509Certificate(folder.read('ca.pem')).fingerprint256,
		});
	});

	it('warns of a key that others can read', async () => {
		await folder.init();
		chmodSync(folder.file('ca.key'), 0o644);
		const { code, stderr } = await folder.init();
		expect(code).toBe(0);
		expect(stderr).toMatch(/^warning: .*ca\.key can be read by other users: chmod 600/);
	});

	it.each([
		['Mesh.Local', 'did you mean `mesh.local`?'],
		['spiffe://mesh.local', 'did you mean `mesh.local`?'],
		['spiffe://mesh.local/', 'did you mean `mesh.local`?'],
		['.mesh.local', 'expected a name such as `mesh.local`'],
		['mesh local', 'expected a name'],
		['mesh.local/ns', 'expected a name'],
		['mesh.local:443', 'expected a name'],
		['', 'expected a name'],
		['a'.repeat(256), 'expected a name'],
		['mesh\x1b[31m', '"mesh\\u001b[31m" is no trust domain'],
	])('refuses %j as trust domain', async (trustDomain, said) => {
		const { code, stderr } = await folder.init({ trustDomain });
		expect(code).toBe(64);
		expect(stderr).toContain(said);
		expect(readdirSync(folder.path)).toEqual([]);
	});

	it.each(['a', 'a-b_c.d', `${'a.'.repeat(127)}a`])('takes %s as trust domain', async (trustDomain) => {
		expect((await folder.init({ trustDomain })).code).toBe(0);
		expect((await folder.issue({ id: `spiffe://${trustDomain}/web` })).code).toBe(0);
		expect(folder.verified('web.pem', 'sslclient')).toBe('OK');
	});
});

describe('a CA that cannot be one', () => {
	it.each([
		['its key alone', () => rmSync(folder.file('ca.pem')), /ca\.key is there, but not its certificate .*ca\.pem/],
		['its certificate alone', () => rmSync(folder.file('ca.key')), /ca\.pem is there, but not its key .*ca\.key/],
		['no key in the file', () => folder.write('ca.key', 'x'), /ca\.key: this is no private key in PEM/],
		['no certificate in the file', () => folder.write('ca.pem', 'x'), /ca\.pem: there is no certificate in PEM in it/],
		[
			'half a certificate',
			() => folder.write('ca.pem', halved(folder.read('ca.pem'))),
			/certificate 1 of 1 cannot be read/,
		],
		['the key of another', () => folder.write('ca.key', authority('x').keyPem), /ca\.key is not the key of .*ca\.pem/],
		['an encrypted key', () => encryptKey(), /ca\.key: the key is encrypted/],
		['no CA', () => replaceBy(certificate({ extensions: [basicConstraints(false)] })), /ca\.pem is no CA/],
		[
			'an expired one',
			() => replaceBy(authority('x', [], { until: -1000 })),
			/has expired at .*: remove it .* certs init/,
		],
		['one of tomorrow', () => replaceBy(authority('x', [], { from: 9e7, until: 9e8 })), /ca\.pem is valid from .* on/],
		['a key of another kind', () => folder.write('ca.key', otherKind()), /is of a kind that is not signed with here/],
	])('%s: refused by init and issue, and left alone', async (_, spoil, said) => {
		await folder.init();
		spoil();
		const before = readdirSync(folder.path);
		for (const { code, stderr } of [await folder.init(), await folder.issue()]) {
			expect(stderr).toMatch(said);
			expect(code).toBe(64);
		}
		expect(readdirSync(folder.path)).toEqual(before);
	});

	it('a folder that is a file', async () => {
		folder.write('certs', '');
		const { code, stderr } = await folder.init({ dir: folder.file('certs') });
		expect(code).toBe(64);
		expect(stderr).toMatch(/certs: it is there and is no folder/);
		expect((await folder.issue({ dir: folder.file('certs') })).code).toBe(64);
	});
});

function replaceBy({ pem, keyPem }: { pem: string; keyPem: string }): void {
	folder.write('ca.pem', pem);
	folder.write('ca.key', keyPem);
}

function halved(pem: string): string {
	const lines = pem.trimEnd().split('\n');
	return [...lines.slice(0, 3), lines.at(-1)].join('\n');
}

function encryptKey(): void {
	folder.write('ca.key', folder.openssl('pkcs8', '-topk8', '-in', 'ca.key', '-passout', 'pass:secret'));
}

function otherKind(): string {
	return folder.openssl('genpkey', '-algorithm', 'ED448');
}
