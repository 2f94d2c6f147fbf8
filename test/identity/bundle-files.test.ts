import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BundleFiles } from '../../src/identity/bundle-files.ts';
import { testPki } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';

const pki = testPki();
let folder = '';
let bundles: BundleFiles;
const said: string[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-bundles-'));
	said.length = 0;
	const say = (fields: Record<string, unknown>, message: string): void => {
		said.push(`${message} (${fields.reason ?? ''})`);
	};
	bundles = new BundleFiles(folder, { debug: say, info: say, warn: say, error: say });
});
afterEach(() => {
	bundles.stop();
	rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe('the trust bundle of a service', () => {
	it('is read once, however many name it, and followed', async () => {
		write('a.pem', pki.root.pem);
		await bundles.add(['a.pem', 'a.pem', '']);
		await bundles.add(['a.pem']);
		expect(bundles.of('a.pem')).toEqual({ pem: pki.root.pem, fault: '' });
		expect(said).toEqual(['trust bundle taken over ()']);
		write('a.pem', pki.trustBundle);
		await waitFor('the next one', () => bundles.of('a.pem').pem === pki.trustBundle);
	});

	it.each([
		['is not there', null, 'there is no such file'],
		['is empty', '', 'holds no certificate'],
		['is no PEM', 'x'.repeat(100), 'holds no certificate'],
		['is half of one', pki.trustBundle.slice(0, -100), 'holds half a certificate'],
		['holds a damaged one', pki.root.pem.replace(/M/g, '*'), 'holds a certificate that cannot be read'],
		['holds too many', pki.root.pem.repeat(257), 'holds more than 256 certificates'],
		['is too large', 'x'.repeat(2 ** 20 + 1), 'has more than 1048576 bytes'],
	])('that %s is said to be so, and is taken over when it is right', async (_name, text, fault) => {
		if (text !== null) write('a.pem', text);
		await bundles.add(['a.pem']);
		expect(bundles.of('a.pem')).toEqual({ pem: '', fault });
		expect(said).toEqual([`trust bundle cannot be taken over: there is none (${fault})`]);
		write('a.pem', pki.root.pem);
		await waitFor('the bundle', () => bundles.of('a.pem').fault === '');
		expect(bundles.of('a.pem').pem).toBe(pki.root.pem);
	});

	it('stays while what is in the file is wrong', async () => {
		write('a.pem', pki.root.pem);
		await bundles.add(['a.pem']);
		write('a.pem', 'x');
		await waitFor('the fault', () => bundles.of('a.pem').fault !== '');
		expect(bundles.of('a.pem')).toEqual({ pem: pki.root.pem, fault: 'holds no certificate' });
		expect(said.at(-1)).toBe('trust bundle cannot be taken over: the last one stays (holds no certificate)');
	});

	it('is forgotten when nobody names it any more', async () => {
		write('a.pem', pki.root.pem);
		write('b.pem', pki.root.pem);
		await bundles.add(['a.pem', 'b.pem']);
		bundles.keep(new Set(['b.pem']));
		expect(bundles.of('a.pem').pem).toBe('');
		expect(bundles.of('b.pem').pem).toBe(pki.root.pem);
	});
});
