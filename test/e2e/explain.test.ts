/** What a running sidecar tells of its rules and of what it has seen, and how an edit is tried out before it is taken. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouteDiff } from '../../src/explain/diff.ts';
import type { Explanation } from '../../src/explain/explain.ts';
import type { RecordedRequest } from '../../src/explain/recorded-head.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf } from '../support/wire-message.ts';
import { Front } from './front.ts';
import { OUTRIGGER, Program, START_DEADLINE_MS } from './program.ts';

const ROUTES = [
	{ name: 'secret', matches: [{ path: '/a', headers: { authorization: 'Basic abc' } }] },
	{
		name: 'a',
		matches: [{ path: '/a' }],
		filters: [{ requestHeaderModifier: { set: { 'x-key': '${KEY}' }, remove: ['x-gone'] } }],
		timeouts: { request: '2s' },
	},
	{ name: 'b', matches: [{ path: '/b', method: 'GET' }] },
];
const TESTS = [{ request: { path: '/a' }, expect: { route: 'a' } }];

let origin: RecordingOrigin;
let front: Front;

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	const inbound = { unmatched: 'reject', routes: ROUTES };
	const env = { KEY: 's3cret' };
	front = await Front.start({ app: { port: origin.port }, inbound, tests: TESTS }, { env });
});
afterEach(async () => {
	await front.stop();
	await origin.stop();
});

const file = (): string => join(front.folder, 'routes.yaml');
const get = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
	await (await fetch(`${front.url}${path}`, { headers })).arrayBuffer();
};
const recent = async (): Promise<RecordedRequest[]> => JSON.parse(await front.admin('/recent')) as RecordedRequest[];

async function explain(body: unknown): Promise<Explanation> {
	const url = `http://127.0.0.1:${front.adminPort}/explain`;
	return (await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()) as Explanation;
}

/** The route file with other rules, under another name. */
function otherFile(routes: readonly unknown[]): string {
	const blocks = JSON.parse(readFileSync(file(), 'utf8')) as { inbound: { routes: unknown } };
	blocks.inbound.routes = routes;
	const path = join(front.folder, 'other.json');
	writeFileSync(path, JSON.stringify(blocks, null, 2));
	return path;
}

async function diff(path: string, ...more: string[]): Promise<{ code: number | string; stdout: string }> {
	const admin = `http://127.0.0.1:${front.adminPort}`;
	const program = new Program(OUTRIGGER, ['diff', path, '--admin', admin, ...more], { env: { KEY: 's3cret' } });
	const code = await program.exited;
	return { code, stdout: Buffer.from(program.stdout, 'latin1').toString('utf8') };
}

describe('GET /recent', () => {
	it('lists the heads as they came in, newest first, without secrets', async () => {
		await get('/a?token=1&x=2', { authorization: 'Basic abc', 'x-gone': 'still' });
		const client = await RawClient.connect(front.port);
		await client.send('POST /c HTTP/1.1\r\nHost: Shop\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi');
		expect((await client.readResponse()).status).toBe(404);
		client.close();
		const [second, first] = await recent();
		expect(second).toMatchObject({ side: 'inbound', method: 'POST', host: 'Shop', path: '/c', status: 404 });
		expect(second?.headers).toContainEqual({ name: 'x-a', value: '1' });
		expect(first).toMatchObject({ path: '/a?token=***&x=2', route: 'secret', status: 200 });
		expect(first?.headers).toContainEqual({ name: 'authorization', value: '***' });
		expect(first?.headers).toContainEqual({ name: 'x-gone', value: 'still' });
		expect(first?.headers.map(({ name }) => name)).not.toContain('x-key');
	});

	it('leaves out what was no request', async () => {
		const client = await RawClient.connect(front.port);
		await client.send('GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n');
		expect((await client.readResponse()).status).toBe(400);
		client.close();
		expect(await recent()).toEqual([]);
	});
});

describe('POST /explain', () => {
	it('says what the running rules do, with the origin of each value and without what came from the environment', async () => {
		const explanation = await explain({ request: 'GET http://shop/a/1' });
		expect(explanation).toMatchObject({
			winner: { name: 'a', because: [{ what: 'path', how: '/a/1 is under the prefix /a' }] },
			outcome: { kind: 'backends', backends: [{ label: 'app', percent: 100 }] },
			losers: {
				nearest: [
					{ name: 'secret', why: ['header authorization is missing'] },
					{ name: 'b', why: ['path /a/1 is not under /b'] },
				],
			},
		});
		expect(explanation.outcome.steps).toContainEqual({ what: 'request header', detail: 'set x-key: ${KEY}' });
		expect(JSON.stringify(explanation)).not.toContain('s3cret');
		const timeout = explanation.policy[0]?.values.find(({ key }) => key === 'timeouts.request');
		expect(timeout).toMatchObject({ value: '2s', from: expect.stringMatching(/routes\.yaml:\d+$/) });
	});

	it('and all other endpoints tell no value of the environment that a rule has', async () => {
		await front.stop();
		const routes = [
			{ name: '${KEY}-rule', matches: [{ path: '/${KEY}', headers: { 'x-a': '${KEY}' } }] },
			{ matches: [{ path: '/other/${KEY}' }] },
		];
		front = await Front.start({ app: { port: origin.port }, inbound: { routes } }, { env: { KEY: 's3cret' } });
		for (const path of ['/', '/config', '/routes', '/services', '/recent']) {
			expect(await front.admin(path)).not.toContain('s3cret');
		}
		expect(await front.admin('/routes')).toContain('"${KEY}-rule"');
		expect(JSON.stringify(await explain({ path: '/' }))).not.toContain('s3cret');
	});

	it('follows a reload', async () => {
		const next = readFileSync(otherFile([{ name: 'next', matches: [{ path: '/a' }] }]), 'utf8').replace(
			'"a"',
			'"next"',
		);
		const tests = [{ request: { path: '/a' }, expect: { route: 'next' } }];
		writeFileSync(file(), JSON.stringify({ ...(JSON.parse(next) as object), tests }, null, 2));
		await waitFor(
			'the new rules',
			async () => (await explain({ path: '/a' })).winner?.name === 'next',
			START_DEADLINE_MS,
		);
	});
});

describe('what is explained', () => {
	const rules = [
		{
			name: 'rewrite',
			matches: [{ path: '/old' }],
			filters: [
				{ urlRewrite: { hostname: 'inner', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } } },
			],
		},
		{ name: 'redirect', matches: [{ path: '/r' }], filters: [{ requestRedirect: { port: 8443, statusCode: 308 } }] },
		{ name: 'direct', matches: [{ path: '= /d' }], directResponse: { status: 410, body: 'gone' } },
		{ name: 'cors', matches: [{ path: '/c' }], filters: [{ cors: { allowOrigins: ['http://o'] } }] },
		{ name: 'nowhere', matches: [{ path: '/n' }], backendRefs: [{ name: 'app', weight: 0 }] },
		{ name: 'edits', matches: [{ path: '/e' }], filters: [{ requestHeaderModifier: { set: { 'x-set': '1' } } }] },
	];

	it.each([
		['GET', '/old/7?x=1', {}],
		['GET', '/r/1?y', {}],
		['GET', '/d', {}],
		['GET', '/d/', {}],
		['OPTIONS', '/c', { origin: 'http://o', 'access-control-request-method': 'PUT' }],
		['OPTIONS', '/c', {}],
		['GET', '/n', {}],
		['POST', '/e/../e/1', {}],
		['GET', '/a//b', {}],
		['GET', '/%2', {}],
	])('is what happens: %s %s %j', async (method, path, headers: Record<string, string>) => {
		await front.stop();
		front = await Front.start({ app: { port: origin.port }, inbound: { unmatched: 'reject', routes: rules } });
		const host = `shop:${front.port}`;
		const { outcome } = await explain({ method, host, path, headers });
		const client = await RawClient.connect(front.port);
		const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
		await client.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}\r\n`);
		const answer = await client.readResponse();
		client.close();
		expect(answer.status).toBe(outcome.status ?? 200);
		expect(valuesOf(answer, 'location').join('')).toBe(outcome.location);
		const asked = origin.requests.find((request) => request.target !== '/');
		expect(asked?.target).toBe(outcome.kind === 'backends' ? outcome.path : undefined);
	});
});

describe('outrigger diff', () => {
	it('says what another file would do with the requests seen last', async () => {
		for (const path of ['/a/1', '/a/2', '/b', '/c']) await get(path);
		const path = otherFile([
			{ ...ROUTES[1], timeouts: { request: '3s' } },
			{ name: 'c', matches: [{ path: '/c' }] },
		]);
		const { code, stdout } = await diff(path);
		expect(code).toBe(0);
		expect(stdout).toContain('4 recorded requests: 4 would be treated otherwise\n');
		expect(stdout).toMatch(/\n2 × such as GET http:\S+\/a\/2\n {2}timeouts\.request {2}2s → 3s\n/);
		expect(stdout).toMatch(
			/\n1 × such as GET http:\S+\/b\n {2}rule {5}b → none\n {2}goes to {2}to app → refused with 404 no_route\n/,
		);
		expect(stdout).not.toContain('s3cret');
	});

	it('does not guess at what was masked', async () => {
		await get('/a', { authorization: 'Basic abc' });
		const { stdout } = await diff(file(), '--json');
		expect(JSON.parse(stdout) as RouteDiff).toMatchObject({
			requests: 1,
			changed: 0,
			untold: [{ count: 1, why: 'rule `secret` asks for header authorization, whose value was not recorded' }],
		});
	});
});

describe('tests of the file', () => {
	it('keep an edit out that they do not hold for', async () => {
		const shown = async () =>
			JSON.parse(await front.admin('/config')) as {
				rejected: { issues: { path: string; message: string; expected: string; hint: string }[] } | null;
			};
		const edit = otherFile([{ name: 'early', matches: [{ path: '= /a' }] }, ...ROUTES]);
		writeFileSync(file(), readFileSync(edit));
		await waitFor('the rejected edit', async () => (await shown()).rejected !== null, START_DEADLINE_MS);
		const [issue] = (await shown()).rejected?.issues ?? [];
		expect(issue).toMatchObject({ path: 'tests[0]', expected: 'rule `a`' });
		expect(issue?.message).toContain('rule `early` gets it');
		expect(issue?.hint).toMatch(/`a` \(.*\): matches too, but an exact path goes before a prefix/);
		expect((await explain({ path: '/a' })).winner?.name).toBe('a');
	});

	it('keep a sidecar from starting', async () => {
		const edit = otherFile([{ name: 'early', matches: [{ path: '= /a' }] }, ...ROUTES]);
		const program = new Program(OUTRIGGER, ['run', edit], { env: { KEY: 's3cret' } });
		expect(await program.exited).toBe(64);
		expect(program.stderr).toContain('does not hold for GET http://localhost/a: rule `early` gets it');
		expect(program.stderr).toContain('nothing was started');
	});
});
