import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf } from '../support/wire-message.ts';
import { RunningSidecar, routeFile } from './running.ts';

/** What the rules of a route file do to requests, on real sockets in front of node:http. */

interface Seen {
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly bodyBytes: number;
}

/** How long the app takes for `/slow`: several ticks of the sidecar's timers. */
const APP_MS = 60;

class Origin {
	readonly seen: Seen[] = [];
	private readonly server: Server;

	constructor(name: string) {
		this.server = createServer((request, response) => {
			let bodyBytes = 0;
			request.on('data', (chunk: Buffer) => {
				bodyBytes += chunk.length;
			});
			request.on('end', () => {
				this.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, bodyBytes });
				response.setHeader('x-powered-by', name);
				setTimeout(() => response.end(name), request.url === '/slow' ? APP_MS : 0);
			});
		});
	}

	async start(): Promise<number> {
		await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		return (this.server.address() as AddressInfo).port;
	}

	stop(): void {
		this.server.closeAllConnections();
		this.server.close();
	}
}

const app = new Origin('app');
const canary = new Origin('canary');
const shadow = new Origin('shadow');
let sidecar: RunningSidecar;

function rules(): object[] {
	return [
		{
			name: 'edited',
			matches: [{ path: '/api' }],
			filters: [
				{ urlRewrite: { hostname: 'inner.test', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } } },
				{ requestHeaderModifier: { set: { 'x-env': 'prod' }, add: { 'x-list': 'b' }, remove: ['x-debug'] } },
				{ responseHeaderModifier: { set: { 'x-by': 'rule' }, remove: ['x-powered-by'] } },
			],
		},
		{
			name: 'moved',
			matches: [{ path: '/old' }],
			filters: [
				{ requestRedirect: { statusCode: 301, path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } } },
			],
		},
		{ name: 'direct', matches: [{ path: '= /robots.txt' }], directResponse: { body: 'User-agent: *\n' } },
		{ name: 'limited', matches: [{ path: '/limited' }], rateLimit: { requests: 2, per: '1h', by: ['peer'] } },
		{
			name: 'faulty',
			matches: [{ path: '/faulty' }],
			fault: { delay: { fixed: '60ms' }, abort: { status: 418, percent: 100 } },
		},
		{
			name: 'slow',
			matches: [{ path: '/slow' }],
			fault: { delay: { fixed: '400ms' } },
			timeouts: { request: '10s', backendRequest: '300ms' },
		},
		{ name: 'late', matches: [{ path: '/late' }], fault: { delay: { fixed: '10s' } }, timeouts: { request: '50ms' } },
		{
			name: 'mirrored',
			matches: [{ path: '/mirrored' }],
			filters: [
				{ requestMirror: { backendRef: { name: 'shadow' } } },
				{ requestHeaderModifier: { set: { 'x-a': '1' } } },
			],
		},
		{
			name: 'mirrored-late',
			matches: [{ path: '/late-copy' }],
			fault: { delay: { fixed: '50ms' } },
			filters: [{ requestMirror: { backendRef: { name: 'shadow' } } }],
		},
		{
			name: 'split',
			matches: [{ path: '/split' }],
			backendRefs: [
				{ name: 'app', weight: 1 },
				{ name: 'canary', weight: 1, filters: [{ requestHeaderModifier: { set: { 'x-canary': 'yes' } } }] },
				{ name: 'shadow', weight: 0 },
			],
		},
		{ name: 'missing', matches: [{ path: '/missing' }], backendRefs: [{ name: 'nobody' }] },
		{ name: 'zero', matches: [{ path: '/zero' }], backendRefs: [{ name: 'app', weight: 0 }] },
		{ name: 'empty', matches: [{ path: '/empty' }], backendRefs: [{ name: 'empty' }] },
		{
			name: 'cors',
			matches: [{ path: '/cors' }],
			filters: [{ cors: { allowOrigins: ['https://*.example.com'], allowMethods: ['GET', 'PUT'] } }],
			rateLimit: { requests: 1, per: '1h' },
		},
		{
			name: 'sticky',
			matches: [{ path: '/sticky' }],
			backendRefs: [{ name: 'app' }, { name: 'canary' }],
			sessionPersistence: { sessionName: 'sid' },
		},
		{ name: 'rest' },
	];
}

beforeAll(async () => {
	const ports = await Promise.all([app.start(), canary.start(), shadow.start()]);
	const services = {
		canary: { endpoints: [{ address: `127.0.0.1:${ports[1]}` }] },
		shadow: { endpoints: [{ address: `127.0.0.1:${ports[2]}` }] },
		empty: { endpoints: [] },
	};
	sidecar = await RunningSidecar.start(routeFile(ports[0], { inbound: { routes: rules() }, services }));
});

afterAll(async () => {
	await sidecar.stop();
	for (const origin of [app, canary, shadow]) origin.stop();
});

beforeEach(() => {
	for (const origin of [app, canary, shadow]) origin.seen.length = 0;
	sidecar.records.length = 0;
});

async function ask(target: string, fields: Record<string, string> = {}, method = 'GET', body = '') {
	const client = await RawClient.connect(sidecar.port);
	const lines = Object.entries({ Host: 'shop.test', ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
	const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
	await client.send(`${method} ${target} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body}`);
	const response = await client.readResponse();
	client.close();
	return { ...response, header: (name: string) => valuesOf(response, name)[0] };
}

describe('filters', () => {
	it('edit a request on its way to the app and its response on the way back', async () => {
		const response = await ask('/api/items?q=1', { 'X-Debug': 'on', 'x-list': 'a', 'X-Env': 'dev' });
		expect(app.seen[0]).toMatchObject({
			url: '/v2/items?q=1',
			headers: { host: 'inner.test', 'x-env': 'prod', 'x-list': 'a, b', 'x-forwarded-host': 'shop.test' },
		});
		expect(app.seen[0]?.headers['x-debug']).toBeUndefined();
		expect(response.header('x-by')).toBe('rule');
		expect(response.header('x-powered-by')).toBeUndefined();
	});

	it('leave what was asked for in the record', async () => {
		await ask('/api/items');
		const [record] = await sidecar.waitForRecords(1);
		expect(record).toMatchObject({ route: 'edited', target: '/api/items', status: 200 });
	});

	it('redirect without asking the app', async () => {
		const response = await ask('/old/a?b=c');
		expect(response.status).toBe(301);
		expect(response.header('location')).toBe('http://shop.test/new/a?b=c');
		expect(response.header('proxy-status')).toBe('outrigger; details="redirect"');
		expect(app.seen).toEqual([]);
		const [record] = await sidecar.waitForRecords(1);
		expect(record).toMatchObject({ route: 'moved', status: 301, errorCode: '', isLocalReply: true });
	});

	it('answer directly, and go on with the connection', async () => {
		const client = await RawClient.connect(sidecar.port);
		for (let i = 0; i < 2; i++) {
			await client.send('GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n');
			const response = await client.readResponse();
			expect([response.status, response.body.toString()]).toEqual([200, 'User-agent: *\n']);
		}
		client.close();
	});

	it('answer a preflight whatever the limit, and let a page read a refusal', async () => {
		const origin = { Origin: 'https://shop.example.com' };
		const preflight = await ask('/cors', { ...origin, 'Access-Control-Request-Method': 'PUT' }, 'OPTIONS');
		expect(preflight.status).toBe(204);
		expect(preflight.header('access-control-allow-methods')).toBe('GET, PUT');
		expect((await ask('/cors', origin)).header('access-control-allow-origin')).toBe(origin.Origin);
		const refused = await ask('/cors', origin);
		expect(refused.status).toBe(429);
		expect(refused.header('access-control-allow-origin')).toBe(origin.Origin);
		expect(app.seen.map(({ method }) => method)).toEqual(['GET']);
	});
});

describe('limits and faults', () => {
	it('refuse what is too much, with the time to wait', async () => {
		const statuses = [await ask('/limited'), await ask('/limited'), await ask('/limited')].map(({ status }) => status);
		expect(statuses).toEqual([200, 200, 429]);
		const refused = await ask('/limited');
		expect(Number(refused.header('retry-after'))).toBeGreaterThan(1000);
		expect(refused.header('proxy-status')).toBe('outrigger; error=http_request_denied; details="rate_limited"');
	});

	it('wait, then abort, and say both in the record', async () => {
		const startedAt = performance.now();
		expect((await ask('/faulty')).status).toBe(418);
		expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
		const [record] = await sidecar.waitForRecords(1);
		expect(record).toMatchObject({ errorCode: 'fault_injected', flags: 'FI,DI' });
	});

	it('hold a body back while they wait, lose nothing of it, and leave the attempt its whole time', async () => {
		const body = 'x'.repeat(100_000);
		expect((await ask('/slow', {}, 'POST', body)).status).toBe(200);
		expect(app.seen[0]?.bodyBytes).toBe(body.length);
	});

	it('keep to the deadline of the request', async () => {
		expect((await ask('/late')).status).toBe(504);
		expect(app.seen).toEqual([]);
	});

	it('end with a client that leaves while they wait', async () => {
		const client = await RawClient.connect(sidecar.port);
		await client.send('GET /late HTTP/1.1\r\nHost: a\r\n\r\n');
		client.close();
		const [record] = await sidecar.waitForRecords(1);
		expect(['client_closed', 'request_timeout']).toContain(record?.errorCode);
	});
});

describe('backends', () => {
	it('share the requests by weight, each with its own filters', async () => {
		for (let i = 0; i < 60; i++) await ask('/split');
		expect(shadow.seen).toEqual([]);
		expect(app.seen.length + canary.seen.length).toBe(60);
		// A fair coin falls 10 times or fewer on one side of 60 less than once in 10 million.
		expect(Math.min(app.seen.length, canary.seen.length)).toBeGreaterThan(10);
		expect(canary.seen.every(({ headers }) => headers['x-canary'] === 'yes')).toBe(true);
		expect(app.seen.some(({ headers }) => 'x-canary' in headers)).toBe(false);
	});

	it.each([
		['/missing', 500, 'no_backend'],
		['/zero', 500, 'no_backend'],
		['/empty', 503, 'no_healthy_endpoint'],
	])('that cannot be had: %s is answered %i %s', async (path, status, code) => {
		const response = await ask(path);
		expect(response.status).toBe(status);
		expect(response.header('proxy-status')).toContain(`details="${code}"`);
	});
});

describe('sessions', () => {
	it('stay with the endpoint that answered first', async () => {
		const first = await ask('/sticky');
		const cookie = first.header('set-cookie') ?? '';
		expect(cookie).toMatch(/^sid=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
		for (let i = 0; i < 20; i++) {
			const next = await ask('/sticky', { Cookie: `a=b; ${cookie.slice(0, cookie.indexOf(';'))}` });
			expect(next.body.toString()).toBe(first.body.toString());
			expect(next.header('set-cookie')).toBeUndefined();
		}
	});

	it('begin anew with a token that leads nowhere', async () => {
		expect((await ask('/sticky', { Cookie: 'sid=AAAAAAAAAAAAAAAA' })).header('set-cookie')).toMatch(/^sid=/);
	});
});

describe('mirrors', () => {
	it.each(['', 'z'.repeat(30_000)])('have what came while the request was held back', async (body) => {
		expect((await ask('/late-copy', {}, 'POST', body)).status).toBe(200);
		await waitFor('the copy', () => shadow.seen.length > 0);
		expect(shadow.seen[0]?.bodyBytes).toBe(body.length);
	});

	it('get a copy with body as the rule has made it, and nobody waits for their answer', async () => {
		const body = 'y'.repeat(150_000);
		const response = await ask('/mirrored?x=1', {}, 'POST', body);
		expect(response.body.toString()).toBe('app');
		await waitFor('the copy', () => shadow.seen.length > 0);
		expect(shadow.seen[0]).toMatchObject({ method: 'POST', url: '/mirrored?x=1', bodyBytes: body.length });
		expect(shadow.seen[0]?.headers['x-a']).toBe('1');
		expect(shadow.seen[0]?.headers['x-request-id']).toBe(app.seen[0]?.headers['x-request-id']);
		await waitFor('the count of the copy', async () => {
			return (await sidecar.metric('outrigger_mirrored_requests_total', { service: 'shadow', outcome: 'ok' })) > 0;
		});
	});
});
