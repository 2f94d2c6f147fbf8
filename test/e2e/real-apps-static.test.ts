/** Static file servers that nobody here wrote, judged by the bytes they send with and without the sidecar. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { valuesOf } from '../support/wire-message.ts';
import { ROOT, START_DEADLINE_MS } from './program.ts';
import { type RealApp, request, Trio, writeSite } from './real-app.ts';
import { comparable } from './same-answer.ts';

const PYTHON: RealApp = {
	name: 'python3 -m http.server',
	// HTTP/1.0, one request a connection; `--cgi` adds answers whose only end is that of the connection.
	command: (port) => ['python3', '-u', '-m', 'http.server', String(port), '--bind', '127.0.0.1', '--cgi'],
	prepare(folder) {
		writeSite(folder);
		mkdirSync(join(folder, 'cgi-bin'));
		const script = join(folder, 'cgi-bin', 'echo');
		writeFileSync(
			script,
			'#!/bin/sh\nprintf \'Content-Type: text/plain\\r\\nX-By: cgi\\r\\n\\r\\n\'\necho "$REQUEST_METHOD"\nhead -c "${CONTENT_LENGTH:-0}"\n',
		);
		chmodSync(script, 0o755);
	},
};

const HTTP_SERVER: RealApp = {
	name: 'http-server',
	command: (port) => [
		'node',
		join(ROOT, 'node_modules/http-server/bin/http-server'),
		'.',
		'-a',
		'127.0.0.1',
		'-p',
		String(port),
		'-s',
		'--cors',
	],
	prepare: writeSite,
};

type Case = readonly [what: string, method: string, bytes: string];

const COMMON: readonly Case[] = [
	['the index', 'GET', request('GET /')],
	['a file of 3 MB', 'GET', request('GET /big.bin')],
	['an empty file', 'GET', request('GET /empty.txt')],
	['a HEAD', 'HEAD', request('HEAD /big.bin')],
	['a missing file', 'GET', request('GET /missing')],
	['a redirect to a folder', 'GET', request('GET /sub')],
	['a listing', 'GET', request('GET /sub/')],
	['an escaped blank in a path', 'GET', request('GET /sub/a%20file.txt?v=1&w=%2F')],
	['a range', 'GET', request('GET /big.bin', ['Range: bytes=10-99'])],
	[
		'a method that it does not have',
		'POST',
		request('POST /index.html', ['Content-Type: text/plain'], 'x'.repeat(1000)),
	],
	['a client that closes', 'GET', request('GET /index.html', ['Connection: close'])],
	['HTTP/1.0', 'GET', request('GET /index.html', [], '', '1.0')],
	['HTTP/1.0 that keeps the connection', 'GET', request('GET /index.html', ['Connection: keep-alive'], '', '1.0')],
	[
		'a validator of the far future',
		'GET',
		request('GET /index.html', ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT']),
	],
];
const CGI: readonly Case[] = [
	['a body that ends with the connection', 'GET', request('GET /cgi-bin/echo')],
	['the same for a POST', 'POST', request('POST /cgi-bin/echo', [], 'posted'.repeat(100))],
	['the same for HTTP/1.0', 'GET', request('GET /cgi-bin/echo', [], '', '1.0')],
];

describe.each([
	{ app: PYTHON, cases: [...COMMON, ...CGI] },
	{ app: HTTP_SERVER, cases: COMMON },
])('$app.name', ({ app, cases }) => {
	let trio: Trio;
	beforeAll(async () => {
		trio = await Trio.start(app);
	}, 2 * START_DEADLINE_MS);
	afterAll(() => trio?.stop());

	it.each(cases)('answers the same through the sidecar: %s', async (_what, method, bytes) => {
		const [alone, plain, supervised] = await trio.ask(bytes, method);
		expect(alone.status).toBeGreaterThan(0);
		expect(comparable(plain)).toEqual(comparable(alone));
		expect(comparable(supervised)).toEqual(comparable(alone));
	});

	it('gives all of them on one connection, which it alone may not be able to', async () => {
		const kept = cases.filter(([, , bytes]) => !/Connection:|HTTP\/1\.0/.test(bytes));
		const client = await RawClient.connect(trio.plain.port);
		await client.send(kept.map(([, , bytes]) => bytes).join(''));
		for (const [what, method, bytes] of kept) {
			const [alone] = await trio.ask(bytes, method);
			expect(comparable(await client.readResponse(method)), what).toEqual(comparable(alone));
		}
		expect(client.oddities).toEqual([]);
		client.close();
	});
});

describe('an answer that ends with the connection', () => {
	let trio: Trio;
	beforeAll(async () => {
		trio = await Trio.start(PYTHON);
	}, 2 * START_DEADLINE_MS);
	afterAll(() => trio?.stop());

	it('becomes chunked for HTTP/1.1, and stays as it is for HTTP/1.0', async () => {
		const [alone, newer] = await trio.ask(request('GET /cgi-bin/echo'), 'GET');
		expect(valuesOf(alone, 'transfer-encoding')).toEqual([]);
		expect(valuesOf(newer, 'transfer-encoding')).toEqual(['chunked']);
		const [, older] = await trio.ask(request('GET /cgi-bin/echo', [], '', '1.0'), 'GET');
		expect(valuesOf(older, 'transfer-encoding')).toEqual([]);
		expect(older.body.toString()).toBe('GET\n');
	});
});
