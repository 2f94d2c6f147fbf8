/** No private key is in the repository: not even one that is for tests alone, because nobody can tell it from another. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ecKey } from '../support/pki/certificate.ts';

const ROOT = join(import.meta.dirname, '../..');
/** PEM with something after its mark, in lines or in a string. */
const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:\s|\\[nrt])*[A-Za-z0-9+/]{40}/;
/** The same in base64, as Kubernetes' Secrets have it. */
const ENCODED_PEM = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{100,}/g;
/** How base64 of PKCS #8, PKCS #1 and SEC 1 begins. */
const BODY =
	/(?<![A-Za-z0-9+/])(?:MI[A-Za-z0-9+/]{3,5}IBADAN|MIGHAgEAMBMG|MIG2AgEAMBAG|MC4CAQAwBQYDK2Vw|MHcCAQEEI|MII[A-Za-z0-9+/]{3}IBAAK)[A-Za-z0-9+/]{30}/;
/** Files of keys and stores of keys, whatever is in them. */
const NAMES = /\.(key|p12|pfx|jks|keystore|ppk|pkcs8|p8)$/i;

function holdsKey(text: string): boolean {
	const encoded = [...text.matchAll(ENCODED_PEM)].map(([base64]) => Buffer.from(base64, 'base64').toString('latin1'));
	return [text, ...encoded].some((each) => PEM.test(each) || BODY.test(each));
}

it.skipIf(!existsSync(join(ROOT, '.git')))('no file of the repository holds one', () => {
	const list = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
	const files = list.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
	expect(files.length).toBeGreaterThan(500);
	const texts = files.filter((file) => lstatSync(join(ROOT, file)).isFile());
	expect(texts.filter((file) => NAMES.test(file) || holdsKey(readFileSync(join(ROOT, file), 'latin1')))).toEqual([]);
});

it('one would be found', () => {
	const key = ecKey();
	const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
	const forms = [
		pem,
		key.export({ type: 'sec1', format: 'pem' }).toString(),
		JSON.stringify(pem),
		Buffer.from(pem).toString('base64'),
		pem.replace(/-----[^-]+-----|\n/g, ''),
	];
	expect(forms.map(holdsKey)).toEqual(forms.map(() => true));
	expect(holdsKey('`-----BEGIN PRIVATE KEY-----` is its first line')).toBe(false);
});
