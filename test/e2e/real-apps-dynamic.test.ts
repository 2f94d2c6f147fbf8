/** Apps that compute their answers, judged by the bytes they send with and without the sidecar. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';
import { ROOT, START_DEADLINE_MS } from './program.ts';
import { type RealApp, request, Trio } from './real-app.ts';
import { comparable } from './same-answer.ts';

const JSON_SERVER: RealApp = {
	name: 'json-server',
	command: (port) => [
		'node',
		join(ROOT, 'node_modules/json-server/lib/cli/bin.js'),
		'db.json',
		'-H',
		'127.0.0.1',
		'-p',
		String(port),
		'-q',
	],
	prepare(folder) {
		const posts = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, title: `Number ${index + 1}` }));
		writeFileSync(join(folder, 'db.json'), JSON.stringify({ posts, comments: [] }));
	},
	ownFolder: true,
};

const EXPRESS: RealApp = {
	name: 'express',
	command: (port) => ['node', join(import.meta.dirname, 'express-app.mjs'), String(port)],
};

const JSON_TYPE = 'Content-Type: application/json';
type Case = readonly [what: string, method: string, bytes: string];

const CRUD: readonly Case[] = [
	['a page with an empty Link field', 'GET', request('GET /posts?_page=1&_limit=50')],
	['a page with Link', 'GET', request('GET /posts?_page=2&_limit=5')],
	['a search', 'GET', request('GET /posts?title_like=Number%201&_sort=id&_order=desc')],
	['compressed', 'GET', request('GET /posts', ['Accept-Encoding: gzip'])],
	['creation', 'POST', request('POST /posts', [JSON_TYPE], '{"title":"new"}')],
	['what was created', 'GET', request('GET /posts/31')],
	['replacement', 'PUT', request('PUT /posts/31', [JSON_TYPE], '{"title":"newer"}')],
	['change', 'PATCH', request('PATCH /posts/31', [JSON_TYPE], '{"more":[1,2]}')],
	['deletion', 'DELETE', request('DELETE /posts/31')],
	['what was deleted', 'GET', request('GET /posts/31')],
	[
		'a preflight',
		'OPTIONS',
		request('OPTIONS /posts', ['Origin: http://other.test', 'Access-Control-Request-Method: PUT']),
	],
	['a body that is not JSON', 'POST', request('POST /posts', [JSON_TYPE], '{"title":')],
	['another method', 'PUT', request('PUT /posts', ['X-HTTP-Method-Override: GET'])],
	['its home page', 'GET', request('GET /')],
	['HEAD', 'HEAD', request('HEAD /posts')],
];

const ANSWERS: readonly Case[] = [
	['two cookies', 'GET', request('GET /hello')],
	['parameters', 'GET', request('GET /json/7?a=1&a=2&b[c]=d')],
	['JSON in and out', 'POST', request('POST /json', [JSON_TYPE], '{"a":[1,2,3]}')],
	['an echo', 'POST', request('POST /echo', [], 'x'.repeat(70_000))],
	[
		'an echo of a chunked body',
		'POST',
		`${request('POST /echo', ['Transfer-Encoding: chunked'])}3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n`,
	],
	['a stream', 'GET', request('GET /stream')],
	['a trailer', 'GET', request('GET /trailers', ['TE: trailers', 'Connection: TE'])],
	['3 MB', 'GET', request('GET /big')],
	['a range, which it gives', 'GET', request('GET /big', ['Range: bytes=0-9'])],
	['no content', 'GET', request('GET /nothing')],
	['a redirect', 'GET', request('GET /away')],
	['a failure of its own', 'GET', request('GET /fail')],
	['an exception', 'GET', request('GET /throw')],
	['odd spelling', 'GET', request('GET /odd')],
	['a missing page', 'GET', request('GET /missing/%C3%A9')],
	['HEAD of a long answer', 'HEAD', request('HEAD /big')],
	['HEAD of a stream', 'HEAD', request('HEAD /stream')],
	['HTTP/1.0', 'GET', request('GET /hello', [], '', '1.0')],
	['a stream to HTTP/1.0', 'GET', request('GET /stream', [], '', '1.0')],
	['an unchanged page', 'GET', request('GET /hello', ['If-None-Match: W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"'])],
];

describe.each([
	{ app: JSON_SERVER, cases: CRUD },
	{ app: EXPRESS, cases: ANSWERS },
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
});

describe('express, beyond single answers', () => {
	let trio: Trio;
	beforeAll(async () => {
		trio = await Trio.start(EXPRESS);
	}, 2 * START_DEADLINE_MS);
	afterAll(() => trio?.stop());

	it('answers pipelined requests in order on one connection', async () => {
		const clients = await Promise.all([trio.alone.port, trio.plain.port].map((port) => RawClient.connect(port)));
		const answers = await Promise.all(
			clients.map(async (client) => {
				const targets = Array.from({ length: 10 }, (_, index) => `/json/${index}`);
				await client.send(targets.map((target) => request(`GET ${target}`)).join(''));
				const all: WireMessage[] = [];
				for (const _target of targets) all.push(await client.readResponse());
				client.close();
				return all.map(comparable);
			}),
		);
		expect(answers[1]).toEqual(answers[0]);
	});

	it('has its early hints passed on', async () => {
		const clients = await Promise.all([trio.alone.port, trio.plain.port].map((port) => RawClient.connect(port)));
		const seen = await Promise.all(
			clients.map(async (client) => {
				await client.send(request('GET /hint', ['Connection: close']));
				await client.readToEnd();
				return client.readAll(['GET']).map(comparable);
			}),
		);
		expect(seen[0]?.map(({ status }) => status)).toEqual(['103 Early Hints', '200 OK']);
		expect(seen[1]).toEqual(seen[0]);
	});

	it('sees the request as it was sent, and what the sidecar adds', async () => {
		const fields = ['X-Twice: 1', 'x-twice: 2', 'Cookie: a=b', 'X-Empty:', 'User-Agent: test'];
		const [alone, plain] = await trio.ask(request('GET /headers', fields), 'GET');
		const sent = JSON.parse(alone.body.toString()) as string[];
		const got = JSON.parse(plain.body.toString()) as string[];
		expect(got.slice(0, sent.length)).toEqual(sent);
		const added = got.slice(sent.length).filter((_, index) => index % 2 === 0);
		expect(added.map((name) => name.toLowerCase()).sort()).toEqual([
			'traceparent',
			'x-forwarded-for',
			'x-forwarded-host',
			'x-forwarded-proto',
			'x-request-id',
		]);
		expect(valuesOf(plain, 'x-request-id')).toEqual([
			got[got.findIndex((name) => name.toLowerCase() === 'x-request-id') + 1],
		]);
	});
});
