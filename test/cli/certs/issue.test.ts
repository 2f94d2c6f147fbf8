import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chownSync, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAuthority } from '../../../src/cli/certs/authority.ts';
import { makeLeaf } from '../../../src/cli/certs/certificate-profile.ts';
import { basicConstraints, certificate, ecKey, keyUsage } from '../../support/pki/certificate.ts';
import { authority } from '../../support/pki.ts';
import { CertsFolder, WEB } from './folder.ts';

const HOUR_MS = 3_600_000;
let folder: CertsFolder;
beforeEach(async () => {
	folder = new CertsFolder();
	await folder.init();
});
afterEach(() => folder.remove());

const leaf = (name = 'web'): X509Certificate => new X509Certificate(folder.read(`${name}.pem`));
const matches = (name = 'web'): boolean => leaf(name).checkPrivateKey(createPrivateKey(folder.read(`${name}.key`)));

describe('certs issue', () => {
	it('makes an X509-SVID that openssl verifies for servers and for clients', async () => {
		expect((await folder.issue({ dns: ['web.shop.svc', '*.shop.svc'] })).code).toBe(0);
		const text = folder.openssl('x509', '-in', 'web.pem', '-noout', '-text');
		expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
		expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
		expect(text).toMatch(/Extended Key Usage: \s+TLS Web Server Authentication, TLS Web Client Authentication\n/);
		expect(text).toMatch(
			/Alternative Name: \s+URI:spiffe:\/\/mesh\.local\/ns\/shop\/sa\/web, DNS:web\.shop\.svc, DNS:\*\.shop\.svc\n/,
		);
		expect(text).toContain('NIST CURVE: P-256');
		expect(text).toContain('Subject: O = Outrigger development');
		const keyIdOfCa = /Subject Key Identifier: \s+(\S+)/.exec(
			folder.openssl('x509', '-in', 'ca.pem', '-noout', '-text'),
		);
		expect(text).toMatch(new RegExp(`Authority Key Identifier: \\s+(keyid:)?${keyIdOfCa?.[1]}`));
		expect(text).toContain('Subject Key Identifier');
		expect(folder.verified('web.pem', 'sslserver')).toBe('OK');
		expect(folder.verified('web.pem', 'sslclient')).toBe('OK');
		expect(matches()).toBe(true);
		expect(leaf().ca).toBe(false);
		expect(leaf().checkHost('web.shop.svc')).toBe('web.shop.svc');
		expect(leaf().checkHost('Outrigger development')).toBeUndefined();
	});

	it('has names of its own for each certificate and none but random serial numbers', async () => {
		await folder.issue();
		const first = leaf().serialNumber;
		await folder.issue();
		expect(leaf().serialNumber).not.toBe(first);
		expect(first.length).toBeGreaterThanOrEqual(30);
	});

	it('is valid for a day, and from five minutes ago on', async () => {
		const now = new Date(Date.now() + 10_000);
		now.setMilliseconds(900);
		await folder.issue({}, now);
		const { validFromDate, validToDate } = leaf();
		const seconds = Math.floor(now.getTime() / 1000) * 1000;
		expect(validToDate.getTime()).toBe(seconds + 24 * HOUR_MS);
		expect(validFromDate.getTime()).toBe(seconds - 300_000);
	});

	it.each([
		['1s', 1000],
		['90m', 1.5 * HOUR_MS],
		['1h30m', 1.5 * HOUR_MS],
		['720h', 720 * HOUR_MS],
	])('is valid for %s when told so', async (ttl, millis) => {
		const now = new Date(Math.floor(Date.now() / 1000) * 1000);
		await folder.issue({ ttl }, now);
		expect(leaf().validToDate.getTime() - now.getTime()).toBe(millis);
	});

	it('ends with its CA at the latest, and says so', async () => {
		const { code, stderr } = await folder.issue({ ttl: '99999h' });
		expect(code).toBe(0);
		expect(stderr).toMatch(/^warning: it ends with its CA .*ca\.pem, before the time asked for/);
		expect(leaf().validToDate).toEqual(leaf('ca').validToDate);
	});

	it('prints where everything is as JSON', async () => {
		const { stdout, stderr } = await folder.issue({ json: true, dns: ['Web.Shop.Svc', 'web.shop.svc'] });
		expect(stderr).toBe('');
		expect(JSON.parse(stdout)).toEqual({
			renewed: false,
			id: WEB,
			dns: ['web.shop.svc'],
			certificate: folder.file('web.pem'),
			key: folder.file('web.key'),
			trustBundle: folder.file('ca.pem'),
			validFrom: leaf().validFromDate.toISOString(),
			validTo: leaf().validToDate.toISOString(),
			serialNumber: leaf().serialNumber,
		});
		expect(JSON.parse((await folder.issue({ json: true })).stdout)).toMatchObject({ renewed: true });
	});

	it('needs a CA, and says how to make one', async () => {
		const empty = new CertsFolder();
		const { code, stderr } = await empty.issue({ id: 'spiffe://shop.test/web' });
		expect(code).toBe(64);
		expect(stderr).toContain(`run \`outrigger certs init --dir ${empty.path} --trust-domain shop.test\``);
		empty.remove();
	});

	it('issues no id of another trust domain', async () => {
		const { code, stderr } = await folder.issue({ id: 'spiffe://other.local/web' });
		expect(code).toBe(64);
		expect(stderr).toContain('is of the trust domain other.local, and');
		expect(stderr).toContain('is the CA of mesh.local');
	});

	it('would not be believed if it did: the CA is constrained', async () => {
		const ca = await readAuthority(folder.path, new Date());
		const validity = { notBefore: new Date(), notAfter: new Date(Date.now() + HOUR_MS) };
		for (const id of ['spiffe://other.local/web', 'spiffe://a.mesh.local/web', 'spiffe://mesh.local.evil/web']) {
			const made = await makeLeaf({ id, dns: [], ...validity }, ca!);
			folder.write('other.pem', made.certificate);
			for (const purpose of ['sslserver', 'sslclient'] as const) {
				expect(folder.verified('other.pem', purpose)).toContain('permitted subtree violation');
			}
		}
	});
});

describe('a renewal', () => {
	it('is of the same id, with another key', async () => {
		await folder.issue();
		const [certificateBefore, keyBefore] = [folder.read('web.pem'), folder.read('web.key')];
		const { code, stderr } = await folder.issue();
		expect(code).toBe(0);
		expect(stderr).toContain(`renewed the certificate of ${WEB}`);
		expect(folder.read('web.pem')).not.toBe(certificateBefore);
		expect(folder.read('web.key')).not.toBe(keyBefore);
		expect(matches()).toBe(true);
	});

	it('shows whole files only, and keys to their owner only, at every moment', async () => {
		await folder.issue();
		const before = process.umask(0);
		const exposed: string[] = [];
		const watcher = watch(folder.path, (_, name) => {
			const mode = statSync(folder.file(String(name)), { throwIfNoEntry: false })?.mode ?? 0;
			if (String(name).includes('.key') && (mode & 0o077) !== 0) exposed.push(`${name} ${mode.toString(8)}`);
		});
		let isDone = false;
		let looks = 0;
		const looking = (async () => {
			for (; !isDone; looks++) {
				createPrivateKey(folder.read('web.key'));
				leaf();
				await new Promise((resolve) => setImmediate(resolve));
			}
		})();
		for (let n = 0; n < 20; n++) await folder.issue();
		isDone = true;
		await looking;
		watcher.close();
		process.umask(before);
		expect(exposed).toEqual([]);
		expect(looks).toBeGreaterThan(20);
		expect(folder.mode('web.key')).toBe(0o600);
		expect(readdirSync(folder.path).sort()).toEqual(['ca.key', 'ca.pem', 'web.key', 'web.pem']);
	});

	it('ends in a pair that matches, however many renew at once', async () => {
		for (let round = 0; round < 5; round++) {
			const said = await Promise.all(Array.from({ length: 8 }, () => folder.issue()));
			expect(said.map(({ code, stderr }) => (code === 0 ? '' : stderr)).join('')).toBe('');
			expect(matches()).toBe(true);
		}
	});

	it.runIf(process.getuid?.() === 0)('by root leaves the files to the user who reads them', async () => {
		await folder.issue();
		for (const name of ['web.pem', 'web.key']) chownSync(folder.file(name), 1337, 1338);
		await folder.issue();
		for (const name of ['web.pem', 'web.key']) {
			expect(statSync(folder.file(name))).toMatchObject({ uid: 1337, gid: 1338 });
		}
		expect(folder.mode('web.key')).toBe(0o600);
	});

	it('that was cut off after the certificate is mended by the next', async () => {
		await folder.issue();
		folder.write('web.key', folder.read('ca.key'));
		expect((await folder.issue()).code).toBe(0);
		expect(matches()).toBe(true);
	});
});

describe('names of files', () => {
	it('are not those of another id', async () => {
		await folder.issue();
		const before = folder.read('web.pem');
		const { code, stderr } = await folder.issue({ id: 'spiffe://mesh.local/ns/admin/sa/web' });
		expect(code).toBe(64);
		expect(stderr).toContain(`web.pem is there already and of ${WEB}: give --name, such as --name admin-web`);
		expect(folder.read('web.pem')).toBe(before);
		expect((await folder.issue({ id: 'spiffe://mesh.local/ns/admin/sa/web', name: 'admin-web' })).code).toBe(0);
		expect(matches('admin-web')).toBe(true);
	});

	it('are not taken from what is no certificate, nor from a key of somebody', async () => {
		folder.write('web.pem', 'my notes');
		const { code, stderr } = await folder.issue();
		expect([code, stderr]).toEqual([64, expect.stringContaining('is there already and of no SPIFFE id')]);
		folder.write('other.key', 'my key');
		const lone = await folder.issue({ name: 'other' });
		expect([lone.code, lone.stderr]).toEqual([64, expect.stringContaining('is there without a certificate')]);
		expect([folder.read('web.pem'), folder.read('other.key')]).toEqual(['my notes', 'my key']);
	});

	it.each([
		['spiffe://mesh.local/ns/shop/sa/ca', undefined],
		['spiffe://mesh.local/ns/shop/sa/CA', undefined],
		[WEB, 'ca'],
		[WEB, '../web'],
		[WEB, '.web'],
		[WEB, '-web'],
		[WEB, ''],
		['spiffe://mesh.local/.web', undefined],
		[`spiffe://mesh.local/${'a'.repeat(201)}`, undefined],
	])('are refused for %s and --name %s', async (id, name) => {
		const before = [folder.read('ca.pem'), folder.read('ca.key')];
		const { code, stderr } = await folder.issue({ id, ...(name === undefined ? {} : { name }) });
		expect(code).toBe(64);
		expect(stderr).toMatch(/the files would be called|--name: /);
		expect([folder.read('ca.pem'), folder.read('ca.key')]).toEqual(before);
	});
});

describe('a CA brought along', () => {
	it.each([
		['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
		['P-384', () => ecKey('P-384')],
		['P-521', () => ecKey('P-521')],
		['Ed25519', () => generateKeyPairSync('ed25519').privateKey],
	])('signs with %s', async (_, key) => {
		const root = authority('theirs', [], { key: key() });
		folder.write('ca.pem', root.pem);
		folder.write('ca.key', root.keyPem);
		const { code, stderr } = await folder.issue();
		expect(code).toBe(0);
		expect(stderr).toContain('ca.pem names no trust domain');
		expect(folder.openssl('verify', '-purpose', 'sslserver', '-CAfile', 'ca.pem', 'web.pem')).toContain('OK');
	});

	it('may be an intermediate, which is sent along with the leaf', async () => {
		const root = authority('root');
		const between = authority('between', [], { issuer: root });
		folder.write('ca.pem', root.pem + between.pem);
		folder.write('ca.key', between.keyPem);
		expect((await folder.issue()).code).toBe(0);
		expect(folder.read('web.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
		folder.write('root.pem', root.pem);
		const said = folder.openssl('verify', '-CAfile', 'root.pem', '-untrusted', 'web.pem', 'web.pem');
		expect(said).toContain('web.pem: OK');
	});

	it('may be the newer of two in the bundle', async () => {
		const older = folder.read('ca.pem');
		await folder.init({ dir: folder.file('newer') });
		folder.write('ca.pem', older + folder.read('newer/ca.pem'));
		folder.write('ca.key', folder.read('newer/ca.key'));
		expect((await folder.issue()).code).toBe(0);
		expect(folder.verified('web.pem', 'sslclient')).toBe('OK');
		expect(folder.read('web.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
	});

	it('must be allowed to sign', async () => {
		const root = certificate({ extensions: [basicConstraints(true), keyUsage('digitalSignature')] });
		folder.write('ca.pem', root.pem);
		folder.write('ca.key', root.keyPem);
		const { code, stderr } = await folder.issue();
		expect(code).toBe(64);
		expect(stderr).toContain('ca.pem is no CA (CA:FALSE, or no keyCertSign)');
		expect(readdirSync(folder.path)).not.toContain('web.pem');
	});
});

describe('what was asked for', () => {
	it.each([
		['mesh.local/ns/shop/sa/web', 'did you mean `spiffe://mesh.local/ns/shop/sa/web`?'],
		['spiffe://Mesh.local/ns/shop/sa/web', 'did you mean `spiffe://mesh.local/ns/shop/sa/web`?'],
		['https://mesh.local/web', 'did you mean `spiffe://mesh.local/web`?'],
		['spiffe://mesh.local/web/', 'did you mean `spiffe://mesh.local/web`?'],
		['spiffe://mesh.local', 'is the trust domain itself, and no workload'],
		['spiffe://mesh.local/a b', 'has a path with other characters'],
		['spiffe://mesh.local/../web', 'has a path with a dot segment'],
		['', 'is empty'],
	])('as id is not %j', async (id, said) => {
		const { code, stderr } = await folder.issue({ id });
		expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
		expect(stderr).toContain('--id: ');
	});

	it.each([
		['127.0.0.1', 'is an address'],
		['::1', 'is an address'],
		['web shop', 'is no DNS name'],
		['*', 'is no DNS name'],
		['a.*.b', 'is no DNS name'],
		['-a', 'is no DNS name'],
		['a..b', 'is no DNS name'],
		['', 'is no DNS name'],
		['a'.repeat(64), 'is no DNS name'],
		['web\0.evil', 'is no DNS name'],
	])('as DNS name is not %j', async (name, said) => {
		const { code, stderr } = await folder.issue({ dns: ['good.test', name] });
		expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
	});

	it.each([
		['1d', 'is no duration'],
		['forever', 'is no duration'],
		['', 'is no duration'],
		['0s', 'is too short'],
		['999ms', 'is too short'],
	])('as ttl is not %j', async (ttl, said) => {
		const { code, stderr } = await folder.issue({ ttl });
		expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
		expect(readdirSync(folder.path).sort()).toEqual(['ca.key', 'ca.pem']);
	});
});

it('leaves nothing of the key in what it says', async () => {
	const { stdout, stderr } = await folder.issue({ json: true });
	const secret = readFileSync(folder.file('web.key'), 'utf8').split('\n')[1] ?? '';
	expect(stdout + stderr).not.toContain(secret);
});
