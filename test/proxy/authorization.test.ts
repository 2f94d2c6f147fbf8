import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config, Rule } from '../../src/config/config.ts';
import { authorization, type WrittenLists } from '../filters/authorization-parts.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';
import { Fixture } from './fixture.ts';
import { headOf } from './running.ts';

/** Refusals on real sockets: what the caller sees of them, and that nothing gets past them. */

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

/** Puts lists into a parsed file: of the inbound side, and of rules by their name. */
function withLists(ofSide: WrittenLists | null, ofRules: Readonly<Record<string, WrittenLists>> = {}) {
	return (config: Config): Config => {
		const edited = (rule: Rule): Rule => {
			const lists = ofRules[rule.name];
			return lists === undefined ? rule : { ...rule, authorization: authorization(lists) };
		};
		const side = ofSide === null ? null : authorization(ofSide);
		const { inbound } = config;
		return { ...config, inbound: { ...inbound, authorization: side, routes: inbound.routes.map(edited) } };
	};
}

const request = (line: string, ...fields: readonly string[]) =>
	`${[`${line} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`;

/** What is the same for all refusals: the head without its id and date. */
function told(reply: WireMessage): string {
	const head = headOf(reply).replace(/^(x-request-id|date): .*\r\n/gim, '');
	return head + reply.body.toString().replace(/"requestId":"[^"]*"/, '"requestId":"…"');
}

const REFUSED =
	'HTTP/1.1 403 Forbidden\r\nproxy-status: outrigger; error=http_request_denied; details="not_authorized"\r\n' +
	'content-type: application/json\r\ncontent-length: 77\r\nconnection: keep-alive\r\nkeep-alive: timeout=620\r\n\r\n' +
	'{"error":"not_authorized","requestId":"…"}';

describe('a refused request', () => {
	it('gets 403 with its code and nothing more, over loopback, verbose, and whoever refuses', async () => {
		const edit = withLists({ deny: [{ paths: ['/a'] }] }, { ruled: { allow: [{ headers: { 'x-team': 'a' } }] } });
		const inbound = {
			unmatched: 'reject',
			routes: [{ name: 'ruled', matches: [{ path: '/ruled' }], retry: { attempts: 3 } }],
		};
		await fixture.start({ localReplies: 'verbose', inbound }, { edit });
		const replies = [
			await fixture.ask(request('GET /a')),
			await fixture.ask(request('GET /ruled')),
			await fixture.ask(request('GET /ruled', 'x-team: b')),
		];
		expect(replies.map(told)).toEqual([REFUSED, REFUSED, REFUSED]);
		expect(fixture.origin.requests).toEqual([]);
		expect((await fixture.ask(request('GET /ruled', 'x-team: a'))).status).toBe(200);
	});

	it('is told to gRPC in its own words, and to HEAD without a body', async () => {
		await fixture.start({ localReplies: 'verbose' }, { edit: withLists({ allow: [] }) });
		const grpc = await fixture.ask(request('POST /a', 'content-type: application/grpc', 'content-length: 0'));
		expect([grpc.status, valuesOf(grpc, 'grpc-status'), valuesOf(grpc, 'grpc-message')]).toEqual([
			200,
			['7'],
			['not_authorized'],
		]);
		const head = await fixture.ask(request('HEAD /a'), 'HEAD');
		expect([head.status, head.body.length]).toEqual([403, 0]);
	});

	it('has its entry in the record, not in the reply, and counts once', async () => {
		const edit = withLists({ deny: [{ methods: ['PUT'] }, { paths: ['/a'] }] });
		const sidecar = await fixture.start({}, { edit });
		await fixture.ask(request('GET /a'));
		const [record] = await sidecar.waitForRecords(1);
		expect(record).toMatchObject({
			status: 403,
			errorCode: 'not_authorized',
			errorDetail: 'inbound.authorization.deny[1] (orders.yaml:7) refuses it',
			deniedBy: 'inbound.authorization.deny[1]',
			wouldBeDeniedBy: '',
			flags: '',
			isLocalReply: true,
			attempts: [],
		});
		const labels = { side: 'inbound', route: '/', dry_run: 'false' };
		expect(await sidecar.metric('outrigger_authorization_denied_total', labels)).toBe(1);
		expect(await sidecar.metric('outrigger_local_replies_total', { code: 'not_authorized' })).toBe(1);
	});

	it('leaves its connection to the next one, after the body that comes with it', async () => {
		await fixture.start({}, { edit: withLists({ deny: [{ methods: ['POST'] }] }) });
		const client = await fixture.connect();
		await client.send(`${request('POST /a', 'content-length: 5')}`);
		await client.send(`hello${request('GET /b')}`);
		expect((await client.readResponse('POST')).status).toBe(403);
		expect((await client.readResponse()).body.toString()).toBe('GET /b');
	});
});

describe('nothing gets past authorization', () => {
	const DENY = withLists({ deny: [{ paths: ['*'] }] });

	it('where no rule matches, whether such requests go to the app or not', async () => {
		await fixture.start({}, { edit: DENY });
		expect((await fixture.ask(request('GET /a'))).status).toBe(403);
		await fixture.sidecar.stop();
		const edit = withLists({ deny: [{ headers: { 'x-stranger': '*' } }] });
		await fixture.start({ inbound: { unmatched: 'reject', routes: [{ matches: [{ path: '/a' }] }] } }, { edit });
		const ask = async (path: string, ...fields: string[]) =>
			(await fixture.ask(request(`GET ${path}`, ...fields))).status;
		expect([await ask('/a'), await ask('/b')]).toEqual([200, 404]);
		expect([await ask('/a', 'x-stranger: 1'), await ask('/b', 'x-stranger: 1')]).toEqual([403, 403]);
		// What is hop-by-hop does not reach the app, so it proves nothing, and condemns nobody.
		expect(await ask('/b', 'connection: x-stranger', 'x-stranger: 1')).toBe(404);
		const [record] = (await fixture.sidecar.waitForRecords(5)).slice(3);
		expect(record).toMatchObject({ route: '', deniedBy: 'inbound.authorization.deny[0]' });
	});

	it.each([
		['an upgrade', request('GET /chat', 'connection: upgrade', 'upgrade: websocket'), 'GET'],
		['OPTIONS *', request('OPTIONS *'), 'OPTIONS'],
		['CONNECT', 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n', 'CONNECT'],
		['HTTP/1.0', 'GET /a HTTP/1.0\r\n\r\n', 'GET'],
		['an absolute target', request('GET http://b/a'), 'GET'],
	])('%s', async (_what, bytes, method) => {
		await fixture.start({}, { edit: DENY });
		expect((await fixture.ask(bytes, method)).status).toBe(403);
		expect(fixture.origin.connections).toEqual([]);
	});

	it('what a rule would answer by itself', async () => {
		const routes = [
			{ name: 'direct', matches: [{ path: '/direct' }], directResponse: { body: 'secret' } },
			{ name: 'moved', matches: [{ path: '/old' }], filters: [{ requestRedirect: { hostname: 'secret' } }] },
			{ name: 'broken', matches: [{ path: '/broken' }], fault: { abort: { status: 418, percent: 100 } } },
		];
		await fixture.start({ inbound: { routes } }, { edit: DENY });
		for (const path of ['/direct', '/old', '/broken']) {
			expect(told(await fixture.ask(request(`GET ${path}`)))).toBe(REFUSED);
		}
	});

	it('what a limit or a deadline of the rule would tell, and no limit is used up', async () => {
		const routes = [
			{
				name: 'limited',
				matches: [{ path: '/limited' }],
				rateLimit: { requests: 1, per: '1h' },
				limits: { requestBody: '1KiB' },
			},
		];
		const edit = withLists({ allow: [{ headers: { 'x-team': 'a' } }] });
		await fixture.start({ inbound: { unmatched: 'reject', routes } }, { edit });
		const ask = async (line: string, ...fields: string[]) => (await fixture.ask(request(line, ...fields))).status;
		expect(await ask('GET /limited', 'grpc-timeout: 0n')).toBe(403);
		expect(await ask('POST /limited', 'content-length: 5000', 'expect: 100-continue')).toBe(403);
		for (let i = 0; i < 3; i++) expect(await ask('GET /limited')).toBe(403);
		expect(await ask('GET /limited', 'x-team: a')).toBe(200);
		expect(await ask('GET /limited', 'x-team: a')).toBe(429);
		expect(await ask('POST /limited', 'x-team: a', 'content-length: 5000', 'expect: 100-continue')).toBe(413);
	});

	it('but a CORS preflight, which has no credentials; the request after it can be read by its script', async () => {
		const filters = [{ cors: { allowOrigins: ['https://b.example'], allowMethods: ['PUT'] } }];
		const edit = withLists({ allow: [] });
		await fixture.start({ inbound: { routes: [{ filters }] } }, { edit });
		const origin = 'origin: https://b.example';
		const preflight = await fixture.ask(request('OPTIONS /', origin, 'access-control-request-method: PUT'), 'OPTIONS');
		expect([preflight.status, valuesOf(preflight, 'access-control-allow-methods')]).toEqual([204, ['PUT']]);
		const put = await fixture.ask(request('PUT /', origin, 'content-length: 0'), 'PUT');
		expect([put.status, valuesOf(put, 'access-control-allow-origin')]).toEqual([403, ['https://b.example']]);
		// No preflight without its fields, and none by another method.
		expect((await fixture.ask(request('OPTIONS /', origin), 'OPTIONS')).status).toBe(403);
		expect((await fixture.ask(request('GET /', origin, 'access-control-request-method: PUT'))).status).toBe(403);
	});

	it('by its query, its host, or the address that it claims to come from', async () => {
		await fixture.start(
			{ trustedHops: 1 },
			{ edit: withLists({ allow: [{ sources: ['10.0.0.0/8'], paths: ['/a'] }] }) },
		);
		for (const fields of [['x-forwarded-for: 10.0.0.1'], ['x-real-ip: 10.0.0.1'], ['forwarded: for=10.0.0.1']]) {
			expect((await fixture.ask(request('GET /a', ...fields))).status).toBe(403);
		}
		await fixture.sidecar.stop();
		await fixture.start({}, { edit: withLists({ allow: [{ sources: ['127.0.0.0/8'], paths: ['/a'] }] }) });
		expect((await fixture.ask(request('GET /a?x=/b'))).status).toBe(200);
		expect((await fixture.ask(request('GET /b?/a'))).status).toBe(403);
	});
});

describe('a dry run', () => {
	it('lets everything through, and tells of what it would refuse', async () => {
		const edit = withLists(
			{ dryRun: true, deny: [{ paths: ['/a*'] }] },
			{ ruled: { dryRun: true, allow: [] }, strict: { allow: [] } },
		);
		const routes = [
			{ name: 'ruled', matches: [{ path: '/a/ruled' }] },
			{ name: 'strict', matches: [{ path: '/a/strict' }] },
		];
		const sidecar = await fixture.start({ inbound: { routes } }, { edit });
		const statuses: number[] = [];
		for (const path of ['/a', '/a/ruled', '/a/strict', '/b']) {
			statuses.push((await fixture.ask(request(`GET ${path}`))).status);
		}
		expect(statuses).toEqual([200, 200, 403, 200]);
		const records = await sidecar.waitForRecords(4);
		expect(records.map(({ wouldBeDeniedBy, deniedBy }) => [wouldBeDeniedBy, deniedBy])).toEqual([
			['inbound.authorization.deny[0]', ''],
			['inbound.authorization.deny[0], inbound.routes[0].authorization.allow', ''],
			['inbound.authorization.deny[0]', 'inbound.routes[1].authorization.allow'],
			['', ''],
		]);
		const count = (route: string, dry_run: string) =>
			sidecar.metric('outrigger_authorization_denied_total', { side: 'inbound', route, dry_run });
		expect([await count('/', 'true'), await count('ruled', 'true'), await count('strict', 'true')]).toEqual([1, 1, 1]);
		expect([await count('ruled', 'false'), await count('strict', 'false')]).toEqual([0, 1]);
	});

	it('ends with a reload, for the next request of a connection as well', async () => {
		const yaml = JSON.stringify({ app: { port: fixture.appPort }, inbound: { listen: '127.0.0.1:0' } });
		const rest = { admin: { listen: '127.0.0.1:0' }, telemetry: { accessLog: { when: 'off' } } };
		const sidecar = await fixture.start({}, { edit: withLists({ dryRun: true, allow: [] }) });
		const client = await fixture.connect();
		await client.send(request('GET /a'));
		expect((await client.readResponse()).status).toBe(200);
		const text = JSON.stringify({
			...(JSON.parse(yaml) as object),
			...rest,
			shutdown: { drain: '5s', propagation: '0s' },
		});
		expect(await sidecar.reload(text, { edit: withLists({ allow: [] }) })).toEqual([]);
		await client.send(request('GET /a'));
		expect((await client.readResponse()).status).toBe(403);
	});
});

describe('connections to an app that speaks no HTTP', () => {
	const TCP = { app: { protocol: 'tcp' } };

	it.each([
		['from a network that is not let in', { allow: [{ sources: ['10.0.0.0/8'] }] }],
		['where only identities are let in', { allow: [{ principals: ['*'] }] }],
		['where nobody can tell the path that is refused', { deny: [{ paths: ['/admin*'] }] }],
	])('are reset %s', async (_title, lists) => {
		const sidecar = await fixture.start(TCP, { edit: withLists(lists) });
		// Perhaps before the client has noticed that it is connected.
		const received = await fixture.connect().then(
			(client) => client.readToEnd(),
			() => Buffer.alloc(0),
		);
		expect([received.length, fixture.origin.connections.length]).toEqual([0, 0]);
		const labels = { side: 'inbound', route: '', dry_run: 'false' };
		expect(await sidecar.metric('outrigger_authorization_denied_total', labels)).toBe(1);
		await fixture.waitUntilQuiet();
	});

	it.each([
		['from a network that is let in', { allow: [{ sources: ['127.0.0.0/8'] }] }, 0],
		['in a dry run', { dryRun: true, allow: [] }, 1],
	])('pass %s', async (_title, lists, counted) => {
		const sidecar = await fixture.start(TCP, { edit: withLists(lists) });
		const client = await fixture.connect();
		await client.send('hello');
		await waitFor('the bytes', () => fixture.origin.connections[0]?.bytes.toString() === 'hello');
		expect(await sidecar.metric('outrigger_authorization_denied_total', { dry_run: 'true' })).toBe(counted);
	});

	it('pass where `passthrough` applies no policy at all', async () => {
		await fixture.start({ passthrough: true }, { edit: withLists({ allow: [] }) });
		expect((await fixture.ask(request('GET /a'))).status).toBe(200);
	});
});
