import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/config/issue.ts';
import { parseEndpoints } from '../../src/config/parse-endpoints.ts';

const FULL = {
	host: '10.0.0.7',
	port: 8443,
	weight: 2,
	zone: 'a',
	labels: { version: 'v1' },
	identity: 'spiffe://a.b/c',
};
const BARE = { host: '::1', port: 80, weight: 1, zone: '', labels: {}, identity: '' };

/** Each mistake in the form of people, without the line and the caret below it. */
function mistakesIn(text: string): string[] {
	const parsed = parseEndpoints(text, 'endpoints/payments.yaml');
	if (parsed.ok) return [];
	return parsed.issues.map((issue) => formatIssue({ ...issue, excerpt: '' }).replaceAll('\n  ', ' | '));
}

function list(count: number): string {
	return JSON.stringify(Array.from({ length: count }, (_, i) => ({ address: `10.0.${i >> 8}.${i & 255}:80` })));
}

describe('a file of endpoints', () => {
	it.each([
		[
			'YAML',
			'- { address: "10.0.0.7:8443", weight: 2, zone: a, labels: { version: v1 }, identity: "spiffe://a.b/c" }\n- address: "[::1]:80"\n',
		],
		[
			'JSON',
			'[{"address":"10.0.0.7:8443","weight":2,"zone":"a","labels":{"version":"v1"},"identity":"spiffe://a.b/c"},\n\t{"address":"[::1]:80"}]',
		],
		[
			'YAML with anchors',
			'# made by hand\n---\n- { <<: &first { weight: 2, zone: a, labels: { version: v1 } }, address: "10.0.0.7:8443", identity: "spiffe://a.b/c" }\n- { <<: *first, address: "[::1]:80", weight:, zone:, labels: }\n',
		],
	])('may be %s', (_, text) => {
		expect(parseEndpoints(text, 'e.yaml')).toEqual({ ok: true, endpoints: [FULL, BARE] });
	});

	it('may say that there are none', () => {
		expect(parseEndpoints('[]\n', 'e.yaml')).toEqual({ ok: true, endpoints: [] });
	});

	it('takes values of the environment where its reader has one', () => {
		const text = '- address: "${HOST}:80"\n';
		const parsed = parseEndpoints(text, 'e.yaml', (name) => (name === 'HOST' ? 'a' : undefined));
		expect(parsed).toMatchObject({ ok: true, endpoints: [{ host: 'a', port: 80 }] });
		expect(mistakesIn(text)).toHaveLength(1);
	});

	it('holds as many as a route file may', () => {
		expect(parseEndpoints(list(10_000), 'e.json')).toMatchObject({ ok: true, endpoints: { length: 10_000 } });
		expect(mistakesIn(list(10_001))).toEqual([
			'endpoints/payments.yaml:1:1: the file has too many entries | expected at most 10000',
		]);
	});
});

describe('each mistake in a file of endpoints is told with its place and what was expected', () => {
	const LIST = 'a list of at most 10000 such as `[{ address: "10.0.0.7:8443" }]`';
	const ADDRESS = '`"host:port"`, such as `"10.0.0.7:8443"`';

	it.each<readonly [what: string, text: string, ...mistakes: string[]]>([
		['nothing', '', '1:1: the file is empty | expected `[]` for nothing'],
		['only a comment', '# later\n', '1:1: the file is empty | expected `[]` for nothing'],
		[
			'half of a file',
			'[{"address":"10.0',
			'1:18: not valid YAML: missing closing quote | text that starts with a quote ends with one',
		],
		['a mapping', 'endpoints: []\n', `1:1: the file is not a list | expected ${LIST}`],
		['text', 'payments\n', `1:1: the file is not a list | expected ${LIST}`],
		['two documents', '[]\n---\n[]\n', '3:1: this is a second document | expected one in the file'],
		[
			'an address alone',
			'- 10.0.0.7:80\n',
			'1:3: `[0]` is not a mapping | expected a mapping with `address`, `weight`, `zone`, `labels`, `identity`',
		],
		['no address', '- weight: 1\n', `1:3: \`address\` is missing in \`[0]\` | expected ${ADDRESS}`],
		['no port', '[{"address":\n"a"}]', `2:1: \`[0].address\` is not an address | expected ${ADDRESS}`],
		['an address twice', '- address: a:80\n- address: a:80\n', '2:3: `[1]` is in the list already'],
		['a name twice, in another case', '- address: a:80\n- address: A:80\n', '2:3: `[1]` is in the list already'],
		[
			'a misspelt key',
			'- { address: "a:80", wieght: 2 }\n',
			'1:22: unknown key `wieght` in `[0]` | expected one of `address`, `weight`, `zone`, `labels`, `identity` | did you mean `weight`?',
		],
		[
			'an identity of nobody',
			'- { address: "a:80", identity: "spiffe://mesh.local" }\n',
			'1:32: `[0].identity` names a trust domain and no workload | expected a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`',
		],
		[
			'an identity without a value, which would be plaintext',
			'- { address: "a:80", identity: }\n',
			'1:22: `[0].identity` has no value | expected a value, or no such key',
		],
		[
			'a label that is a number',
			'- { address: "a:80", labels: { v: 1 } }\n',
			'1:35: `[0].labels.v` is not a value | expected text; quote it when it looks like a number | a number needs quotes to be text',
		],
		[
			'a label without a value',
			'- { address: "a:80", labels: { v: } }\n',
			'1:32: `[0].labels.v` has no value | expected a value, or no such key',
		],
	])('%s', (_, text, ...mistakes) => {
		expect(mistakesIn(text)).toEqual(mistakes.map((mistake) => `endpoints/payments.yaml:${mistake}`));
	});
});
