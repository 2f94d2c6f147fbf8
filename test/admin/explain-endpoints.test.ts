import { describe, expect, it } from 'vitest';
import { dispatch } from '../../src/admin/endpoint.ts';
import { explainEndpoints } from '../../src/admin/explain-endpoints.ts';
import type { AskedRequest } from '../../src/explain/asked-request.ts';
import type { ControlReply, ControlRequest } from '../../src/ports/control.ts';

interface Asked {
	readonly asked: AskedRequest;
	readonly limit: number;
}

async function ask(method: string, path: string, body: string): Promise<{ reply: ControlReply; asked: Asked[] }> {
	const asked: Asked[] = [];
	const endpoints = explainEndpoints({
		explain: (request, limit) => {
			asked.push({ asked: request, limit });
			return Promise.resolve({ request } as never);
		},
		async *recent() {
			yield* await Promise.resolve(['[', ']\n']);
		},
		async *recentFates() {
			yield* await Promise.resolve(['{"hash":"abc","requests":[', ']}\n']);
		},
	});
	const request: ControlRequest = {
		method,
		path,
		query: '',
		header: () => '',
		body: (max) => Promise.resolve(body.length > max ? null : new TextEncoder().encode(body)),
	};
	return { reply: await dispatch(endpoints, request), asked };
}

const explain = (body: unknown) => ask('POST', '/explain', typeof body === 'string' ? body : JSON.stringify(body));
const GET = { side: 'inbound', method: 'GET', host: 'localhost', path: '/', headers: [] };

async function textOf({ body }: ControlReply): Promise<string> {
	let text = '';
	for await (const piece of typeof body === 'string' ? [body] : body) text += piece;
	return text;
}

describe('POST /explain', () => {
	it.each([
		[{}, GET],
		[{ request: 'POST http://orders/x?y' }, { ...GET, method: 'POST', host: 'orders', path: '/x?y' }],
		[
			{ request: '/x', side: 'outbound' },
			{ ...GET, side: 'outbound', path: '/x' },
		],
		[{ service: 'b' }, { ...GET, side: 'outbound', service: 'b' }],
		[
			{ request: '/x', side: 'outbound', service: 'b' },
			{ ...GET, side: 'outbound', service: 'b', path: '/x' },
		],
		[
			{ request: '/', headers: { 'X-A': '1', Host: 'b' } },
			{ ...GET, host: 'b', headers: [{ name: 'x-a', value: '1' }] },
		],
		[
			{ request: '/', headers: ['X-A: 1'] },
			{ ...GET, headers: [{ name: 'x-a', value: '1' }] },
		],
		[
			{ method: 'PUT', host: 'orders', path: '/x', headers: { 'x-a': '1' } },
			{ ...GET, method: 'PUT', host: 'orders', path: '/x', headers: [{ name: 'x-a', value: '1' }] },
		],
	])('%j', async (body, request) => {
		const { reply, asked } = await explain(body);
		expect(reply.status).toBe(200);
		expect(asked).toEqual([{ asked: request, limit: 10 }]);
	});

	it.each([
		[3, 3],
		[1e9, 100],
		[-1, 0],
		['5', 10],
	])('tells the nearest %j of the losers: %d', async (nearest, limit) => {
		expect((await explain({ nearest })).asked[0]?.limit).toBe(limit);
	});

	it.each([
		['no JSON', 'GET /', 'the body is a JSON object'],
		['no object', '[1]', 'the body is a JSON object'],
		['a large body', `{"request": "/${'x'.repeat(70_000)}"}`, 'at most 64 KiB'],
		['an unknown side', '{"side": "left"}', '`side` is `inbound` or `outbound`'],
		['a service that is no text', '{"service": 1}', '`service` is the name of a service'],
		['a service of the other side', '{"service": "b", "side": "inbound"}', 'only calls of the app'],
		['no request', '{"request": "GET"}', '`request` is a request such as'],
		['a request that is no text', '{"request": 1}', '`request` is a request such as'],
		['a path that is no text', '{"path": 1}', '`method`, `host` and `path` are texts'],
		['headers that are no texts', '{"headers": {"a": 1}}', '`headers` is an object of texts'],
		['a header that is none', '{"headers": ["a"]}', '`headers` is an object of texts'],
		['no headers', '{"headers": null}', '`headers` is an object of texts'],
	])('refuses %s', async (_, body, detail) => {
		const { reply, asked } = await explain(body);
		expect({ status: reply.status, asked }).toEqual({ status: 400, asked: [] });
		expect(JSON.parse(await textOf(reply))).toMatchObject({
			error: 'bad_request',
			detail: expect.stringContaining(detail),
		});
	});

	it('explains what was recorded', async () => {
		const { reply } = await explain({ recent: true });
		expect(JSON.parse(await textOf(reply))).toEqual({ hash: 'abc', requests: [] });
	});
});

it('GET /recent lists what was recorded', async () => {
	const { reply } = await ask('GET', '/recent', '');
	expect(reply.headers).toMatchObject({ 'content-type': expect.stringContaining('application/json') });
	expect(JSON.parse(await textOf(reply))).toEqual([]);
});
