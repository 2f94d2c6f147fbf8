/** `outrigger certs` as a command: what its help says works, and who may not write is told so. */
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTRIGGER, runToEnd } from './program.ts';

let folder = '';
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-certs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outrigger = (...args: string[]) => runToEnd(OUTRIGGER, args, { cwd: folder });

describe('the examples of the help', () => {
	it.each([['certs'], ['certs init'], ['certs issue']])('of %s work as they stand', async (command) => {
		const help = await outrigger(...command.split(' '), '--help');
		expect(help.code).toBe(0);
		const examples = help.stdout.split('\n').filter((line) => /^ {2}outrigger certs (init|issue) -/.test(line));
		expect(examples.length).toBeGreaterThan(0);
		for (const example of examples) {
			const ran = await outrigger(...example.trim().split(' ').slice(1));
			expect(ran.stderr).not.toContain('outrigger: ');
			expect(ran.code).toBe(0);
		}
	});

	it('make files that openssl verifies', async () => {
		await outrigger('certs', 'init', '--dir', 'certs');
		await outrigger('certs', 'issue', '--dir', 'certs', '--id', 'spiffe://mesh.local/ns/shop/sa/web');
		const args = ['verify', '-x509_strict', '-CAfile', 'certs/ca.pem', 'certs/web.pem'];
		expect(await runToEnd('openssl', args, { cwd: folder })).toMatchObject({ code: 0, stdout: 'certs/web.pem: OK\n' });
		expect(statSync(join(folder, 'certs/web.key')).mode & 0o777).toBe(0o600);
	});
});

describe('certs, told wrongly', () => {
	it.each([
		[['certs'], 64, /certs \[options\] \[command\]/],
		[['certs', 'isue'], 64, /unknown command 'isue'\n\(Did you mean issue\?\)/],
		[['certs', 'init'], 64, /required option '--dir <folder>' not specified/],
		[['certs', 'issue', '--dir', 'certs'], 64, /required option '--id <spiffe-id>' not specified/],
		[['certs', 'issue', '--dir', 'nowhere', '--id', 'spiffe://a.b/c'], 64, /nowhere: there is no CA/],
		[['certs', 'init', '--dir', 'x', '--trust-domain', 'A'], 64, /did you mean `a`\?/],
	])('%j ends with %d', async (args, code, said) => {
		const ran = await outrigger(...args);
		expect(ran.stderr).toMatch(said);
		expect(ran.stdout).toBe('');
		expect(ran.code).toBe(code);
	});

	it('may be repeated with several DNS names, and prints JSON alone on standard output', async () => {
		await outrigger('certs', 'init', '--dir', 'json');
		const id = 'spiffe://mesh.local/ns/shop/sa/web';
		const ran = await outrigger(
			'certs',
			'issue',
			'--dir',
			'json',
			'--id',
			id,
			'--dns',
			'a.b',
			'--dns',
			'c.d',
			'--json',
		);
		expect(JSON.parse(ran.stdout)).toMatchObject({ id, dns: ['a.b', 'c.d'], certificate: 'json/web.pem' });
	});

	it.runIf(process.getuid?.() === 0)('without permission for the folder, it ends with 77', async () => {
		// Root without what root may do beyond its own rights.
		chmodSync(folder, 0o555);
		const args = ['--bounding-set=-all', '--inh-caps=-all', OUTRIGGER, 'certs', 'init', '--dir'];
		const denied = await runToEnd('setpriv', [...args, join(folder, 'denied')]);
		const unwritable = await runToEnd('setpriv', [...args, folder]);
		chmodSync(folder, 0o755);
		for (const ran of [denied, unwritable]) {
			expect(ran).toMatchObject({ code: 77, stderr: expect.stringContaining('permission is missing') });
		}
	});
});
