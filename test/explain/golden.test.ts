/**
 * What people read of `outrigger explain`, whole, for requests to the route files that ship. When a change of the text is
 * meant, rewrite them with `sh scripts/node.sh vitest run test/explain/golden.test.ts -u` and read the difference.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { runExplain } from '../../src/cli/explain-command.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Asked {
	readonly file: string;
	readonly request: string;
	readonly header?: string[];
	readonly side?: string;
	readonly all?: boolean;
}

const CASES: Readonly<Record<string, Asked>> = {
	'canary-by-header': { file: 'routing', request: 'GET http://shop.example/orders/7', header: ['x-canary: 1'] },
	'weighted-backends': { file: 'routing', request: 'GET http://shop.example/orders/7' },
	'exact-path': { file: 'routing', request: 'GET http://shop.example/orders/new' },
	'exact-path-other-method': { file: 'routing', request: 'POST http://shop.example/orders/new' },
	'regular-expression-and-rewrite': { file: 'routing', request: 'GET http://shop.example/orders/7/invoice?copy=1' },
	'wildcard-hostname': { file: 'routing', request: 'GET http://acme.shop.example/' },
	'query-parameter': { file: 'routing', request: 'GET http://shop.example/search?v=2&token=s3cret' },
	redirect: { file: 'routing', request: 'GET http://shop.example/shop/shoes?size=42' },
	'mirror-and-nearest-match': { file: 'routing', request: 'GET http://shop.example/products/1' },
	'direct-response': { file: 'routing', request: 'HEAD http://10.0.0.7/healthz' },
	'no-rule-rejected': { file: 'routing', request: 'GET http://shop.example/admin' },
	'outbound-rule-and-all-losers': {
		file: 'routing',
		request: 'POST http://payments/v1/refunds',
		side: 'outbound',
		all: true,
	},
	'outbound-rewrite': { file: 'routing', request: 'http://billing/api/charges', side: 'outbound' },
	'outbound-by-host': { file: 'routing', request: 'http://payments/v1/charges', side: 'outbound' },
	'outbound-unknown-host': { file: 'routing', request: 'http://example.com/', side: 'outbound' },
	'outbound-passthrough': { file: 'full', request: 'http://example.com:8443/', side: 'outbound' },
	'outbound-hedged': { file: 'full', request: 'GET http://search/?q=a', side: 'outbound' },
	everything: {
		file: 'full',
		request: 'GET http://orders.shop.svc/orders?v=2',
		header: ['X-Tenant: eu', 'authorization: s3cret'],
	},
	'redirect-with-port': { file: 'full', request: 'GET http://localhost/old/x?y=1' },
	'unmatched-goes-to-the-app': { file: 'shop', request: 'GET /echo' },
	'limits-and-timeouts': { file: 'shop', request: 'POST http://shop/echo' },
	'bad-escape': { file: 'shop', request: 'GET http://shop/%zz' },
	'no-outbound': { file: 'shop', request: 'GET http://shop/', side: 'outbound' },
};

it.each(Object.entries(CASES))('%s', async (name, { file, request, header = [], side = 'inbound', all = false }) => {
	let stdout = '';
	let stderr = '';
	const io: CommandIo = {
		stdout: (text) => {
			stdout += text;
		},
		stderr: (text) => {
			stderr += text;
		},
		env: () => undefined,
		readFile: (path) => Promise.resolve(readFileSync(join(ROOT, path), 'utf8')),
		isTTY: false,
	};
	const code = await runExplain({ file: `routes/${file}.yaml`, request, header, side, all }, io);
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
	const shown = [`$ outrigger explain routes/${file}.yaml '${request}'`, ...header.map((line) => `-H '${line}'`)];
	if (side !== 'inbound') shown.push(`--side ${side}`);
	if (all) shown.push('--all');
	await expect(`${shown.join(' ')}\n${stdout}`).toMatchFileSnapshot(`golden/${name}.txt`);
});
