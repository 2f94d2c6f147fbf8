import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideKeys, isKeyText } from '../../src/config/hidden-keys.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { ecKey } from '../support/pki/certificate.ts';

const pem = ecKey().export({ type: 'pkcs8', format: 'pem' }).toString();
const body = pem.replace(/-----[^-]+-----|\n/g, '');
const BASE = 'app: { port: 8080 }\ninbound: { listen: 8000 }\n';

describe('a key in a text', () => {
	it('is hidden between its marks, and what is around it is not', () => {
		const stars = pem.replace(/(?<=-----\n)[^-]+(?=\n-----END)/, (lines) => lines.replace(/\S/g, '*'));
		expect(hideKeys(`a: |\n${pem}b: 1\n`)).toBe(`a: |\n${stars}b: 1\n`);
	});

	it.each([
		['its first half', `key: |\n  ${pem.slice(0, 100)}`, /^key: \|\n {2}-----BEGIN PRIVATE KEY-----\n\*{64}\n\*+$/],
		['its body', `key: ${body}\nb: 1`, /^key: \*{184}\nb: 1$/],
		['its file in base64', `tls.key: ${Buffer.from(pem).toString('base64')}\nb: 1`, /^tls\.key: \*+\nb: 1$/],
	])('is hidden when there is %s', (_, text, expected) => {
		expect(hideKeys(text)).toMatch(expected);
	});

	it.each([
		'https://api.example.com/v1/organisations/members/subscriptions/invoices/7',
		'/api/organisations/members/subscriptions/invoices/attachments/downloads/7',
		`sha256:${'0a'.repeat(32)}`,
		'spiffe://mesh.local/ns/shop/sa/orders',
		'-----BEGIN CERTIFICATE-----',
	])('is not what %s is taken for', (text) => {
		expect(hideKeys(text)).toBe(text);
	});

	it('takes no room of its own: places in the text stay', () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(fc.string(), fc.constantFrom(pem, body, '\n', '-----BEGIN PRIVATE KEY-----'))),
				(parts) => {
					const text = parts.join('');
					const hidden = hideKeys(text);
					expect(hidden.length).toBe(text.length);
					expect(hidden.replace(/\S/g, '')).toBe(text.replace(/\S/g, ''));
				},
			),
		);
	});
});

it('is no path', () => {
	expect([pem, body, Buffer.from(pem).toString('base64')].map(isKeyText)).toEqual([true, true, true]);
	const paths = [
		'certs/orders.key',
		'/Users/Ann1/Projects/Shop/services/orders/certificates/development/orders',
		body.slice(0, 30),
	];
	expect(paths.map(isKeyText)).toEqual([false, false, false]);
});

it('is shown by no line of an issue, and the line still shows where it is', () => {
	const parsed = parseConfig(`${BASE}tls: { key: "${body}", kee: 1 }\n`, 'r.yaml', () => undefined);
	const issues = parsed.ok ? [] : parsed.issues;
	expect(issues.map(({ message, excerpt }) => [message, excerpt.replace(/\*+/, '*')])).toEqual([
		['`tls.key` holds a certificate or a key itself', 'tls: { key: "*'],
		['unknown key `kee` in `tls`', '*", kee: 1 }'],
	]);
});

it('is looked for in a file that is one long line, in no time', () => {
	for (const piece of ['a', 'aB3', 'aB3/'.repeat(20).concat('\n'), '-----BEGIN PRIVATE KEY-----', ' ', '\\n']) {
		const text = piece.repeat(2 ** 22 / piece.length);
		expect(hideKeys(text).length).toBe(text.length);
	}
});
