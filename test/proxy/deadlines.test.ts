/** What a call of the app takes from the request that it is made for: its deadline, and its end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseGrpcTimeout } from '../../src/http/grpc-timeout.ts';
import type { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import type { CallOptions } from './calling-app.ts';
import { DeadlinesFixture } from './deadlines-fixture.ts';
import { headOf } from './running.ts';

let fixture: DeadlinesFixture;

beforeEach(async () => {
	fixture = await DeadlinesFixture.make();
});

afterEach(() => fixture.stop());

/** The app calls, and answers with the status of its call. */
function relay(options: CallOptions = {}): void {
	fixture.app.script = async ({ response, call }) => {
		const { status } = await call('/pay', options);
		response.writeHead(status === 0 ? 502 : status).end();
	};
}

const silent = { onRequest: () => undefined };
const GRPC = 'content-type: application/grpc\r\n';
const SOON = { timeouts: { request: '120ms' } };
/** Nothing is tried again: what is seen is the first attempt. */
const NO_RETRY = { retry: 'off' };

/** Deadlines of the inbound rules are in force, and nobody has written them. */
function asDefaults(config: Config): Config {
	const routes = config.inbound.routes.map((rule) => ({
		...rule,
		timeouts: { ...rule.timeouts, requestIsExplicit: false },
	}));
	return { ...config, inbound: { ...config.inbound, routes } };
}

function body(text: string): { error: string; setting?: string; detail?: string } {
	return JSON.parse(text) as { error: string };
}

describe('inherit', () => {
	it.each([
		['passes its traceparent on', 'passes-on'],
		['has spans of its own', 'own-spans'],
	] as const)('a written deadline ends the call of an app that %s', async (_what, tracing) => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: SOON, outbound: NO_RETRY });
		relay({ tracing });
		const client = await fixture.ask('x-request-id: asked-1\r\n');
		expect((await client.readResponse()).status).toBe(504);
		const end = await fixture.callEnd();
		expect(end.status).toBe(504);
		expect(end.headers['proxy-status']).toContain('details="request_timeout"');
		expect(body(end.body)).toMatchObject({ error: 'request_timeout', setting: 'outbound.deadlines.inherit' });
		expect(body(end.body).detail).toContain('asked-1');
		expect(await fixture.call()).toMatchObject({ status: 504, errorCode: 'request_timeout' });
		await waitFor('the attempt to end', () => fixture.payments.connections[0]?.ended !== '');
	});

	it('holds for the port of a service, also where the file has no outbound', async () => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: SOON, hasPortOnly: true });
		relay({ tracing: 'passes-on' });
		expect((await (await fixture.ask()).readResponse()).status).toBe(504);
		const end = await fixture.callEnd();
		expect(body(end.body)).toMatchObject({ error: 'request_timeout', setting: 'outbound.deadlines.inherit' });
	});

	it('leaves alone the call of an app that passes nothing on', async () => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: SOON, outbound: NO_RETRY });
		relay({ tracing: 'none' });
		expect((await (await fixture.ask()).readResponse()).status).toBe(504);
		expect(fixture.app.ends).toEqual([]);
		fixture.payments.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
		expect((await fixture.callEnd()).status).toBe(200);
	});

	it('takes the nearer of both', async () => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: { timeouts: { request: '30s' } }, outbound: { ...NO_RETRY, ...SOON } });
		relay();
		expect((await (await fixture.ask()).readResponse()).status).toBe(504);
		expect(body((await fixture.callEnd()).body)).toMatchObject({ setting: 'timeouts.request' });
	});

	it('holds for retries as well', async () => {
		fixture.payments.follow(silent);
		await fixture.start({
			inbound: { timeouts: { request: '200ms' } },
			outbound: { timeouts: { request: '30s', backendRequest: '50ms' }, retry: { attempts: 10, on: ['timeout'] } },
		});
		relay();
		await (await fixture.ask()).readResponse();
		const { attempts } = await fixture.call();
		expect(attempts.length).toBeLessThan(6);
	});

	it.each([
		['explicit', false],
		['always', true],
		['off', false],
	] as const)('%s: a deadline that nobody stated ends the call: %s', async (inherit, isCapped) => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: SOON, outbound: NO_RETRY, deadlines: { inherit }, edit: asDefaults });
		relay();
		await (await fixture.ask()).readResponse();
		if (isCapped) return expect((await fixture.callEnd()).status).toBe(504);
		expect(fixture.app.ends).toEqual([]);
	});

	it('off: a deadline that was stated does not end the call', async () => {
		fixture.payments.follow(silent);
		await fixture.start({ inbound: SOON, outbound: NO_RETRY, deadlines: { inherit: 'off' } });
		relay();
		expect((await (await fixture.ask()).readResponse()).status).toBe(504);
		expect(fixture.app.ends).toEqual([]);
	});

	it('answers at once a call that comes when the time is up', async () => {
		await fixture.start({ inbound: SOON });
		const answered = Promise.withResolvers<void>();
		fixture.app.script = async ({ call }) => {
			await answered.promise;
			await call('/late', { method: 'POST', body: '{}' });
		};
		const client = await fixture.ask();
		expect((await client.readResponse()).status).toBe(504);
		answered.resolve();
		const end = await fixture.callEnd();
		expect([end.status, body(end.body)]).toMatchObject([
			504,
			{ error: 'request_timeout', setting: 'outbound.deadlines.inherit' },
		]);
		expect(fixture.payments.requests).toEqual([]);
		expect((await fixture.call()).attempts).toEqual([]);
	});

	it('knows the requests that began before a reload', async () => {
		fixture.payments.follow(silent);
		const running = await fixture.start({ inbound: { timeouts: { request: '600ms' } }, outbound: NO_RETRY });
		const [arrived, reloaded] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		fixture.app.script = async ({ response, call }) => {
			arrived.resolve();
			await reloaded.promise;
			response.end(String((await call('/pay')).status));
		};
		const client = await fixture.ask();
		await arrived.promise;
		expect(
			await running.reload(fixture.file({ inbound: { timeouts: { request: '30s' } }, outbound: NO_RETRY })),
		).toEqual([]);
		reloaded.resolve();
		expect((await client.readResponse()).status).toBe(504);
		expect(body((await fixture.callEnd()).body)).toMatchObject({ setting: 'outbound.deadlines.inherit' });
	});
});

describe('cancel', () => {
	/** Until the call is at the other service; then the client leaves. */
	async function leaveDuringCall(leave = (client: RawClient) => client.reset()): Promise<void> {
		const client = await fixture.ask('x-request-id: asked-2\r\n');
		await waitFor('the call', () => fixture.payments.requests.length > 0);
		leave(client);
	}

	it('comes from a client that just closes its connection, too', async () => {
		fixture.payments.follow(silent);
		await fixture.start();
		relay();
		await leaveDuringCall((client) => client.close());
		await waitFor('the attempt to end', () => fixture.payments.connections[0]?.ended !== '');
		expect((await fixture.callEnd()).status).toBe(499);
	});

	it.each([
		['passes its traceparent on', 'passes-on', 'GET'],
		['has spans of its own', 'own-spans', 'GET'],
		['asks for a head alone', 'passes-on', 'HEAD'],
	] as const)('ends the call of an app that %s, at both of its ends', async (_what, tracing, method) => {
		fixture.payments.follow(silent);
		await fixture.start();
		relay({ tracing, method });
		await leaveDuringCall();
		await waitFor('the attempt to end', () => fixture.payments.connections[0]?.ended !== '');
		const record = await fixture.call();
		expect(record).toMatchObject({ status: 499, errorCode: 'client_closed', flags: 'DC', isLocalReply: true });
		expect(record.errorDetail).toContain('asked-2');
		const end = await fixture.callEnd();
		expect(end.status).toBe(499);
		if (method === 'HEAD') return;
		expect(body(end.body)).toMatchObject({ setting: 'outbound.deadlines.cancel' });
		// The connection may go on.
		expect(end.headers['connection']).not.toBe('close');
	});

	it.each([
		['safe', 'POST', false],
		['always', 'POST', true],
		['off', 'GET', false],
		['safe', 'DELETE', false],
	] as const)('%s: %s ends with its client: %s', async (cancel, method, ends) => {
		fixture.payments.follow(silent);
		await fixture.start({ outbound: NO_RETRY, deadlines: { cancel } });
		relay({ method, ...(method === 'POST' && { body: '{}' }) });
		await leaveDuringCall();
		await waitFor('the record of the request', () => fixture.sidecar.records.some(({ side }) => side === 'inbound'));
		if (!ends) fixture.payments.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
		expect((await fixture.callEnd()).status).toBe(ends ? 499 : 200);
	});

	it('breaks off an answer that has begun', async () => {
		fixture.payments.follow({
			onRequest: (_request, connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
		});
		await fixture.start();
		relay();
		await leaveDuringCall();
		const end = await fixture.callEnd();
		expect([end.status, end.failure]).not.toEqual([200, '']);
		await waitFor('the attempt to end', () => fixture.payments.connections[0]?.ended !== '');
		expect(await fixture.call()).toMatchObject({ errorCode: 'client_closed' });
	});

	it('answers at once what an app asks that has not noticed', async () => {
		await fixture.start();
		const [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		fixture.app.script = async ({ call }) => {
			arrived.resolve();
			await left.promise;
			await call('/read');
			await call('/write', { method: 'POST', body: '{}' });
		};
		const client = await fixture.ask();
		await arrived.promise;
		client.reset();
		await waitFor('the end of the request', () => fixture.sidecar.records.length > 0);
		left.resolve();
		await waitFor('both calls', () => fixture.app.ends.length === 2);
		expect(fixture.app.ends.map(({ status }) => status)).toEqual([499, 200]);
		expect(fixture.payments.requests.map(({ target }) => target)).toEqual(['/write']);
	});

	it('spares the work that an app goes on with after its answer', async () => {
		await fixture.start();
		const answered = Promise.withResolvers<void>();
		fixture.app.script = async ({ response, call }) => {
			response.end('ok');
			await answered.promise;
			await call('/audit');
		};
		const client = await fixture.ask();
		await client.readResponse();
		client.reset();
		await waitFor('the end of the request', () => fixture.sidecar.records.length > 0);
		answered.resolve();
		expect((await fixture.callEnd()).status).toBe(200);
	});

	it('is not for the calls of another request of the same trace', async () => {
		fixture.payments.follow(silent);
		await fixture.start({ outbound: NO_RETRY });
		relay();
		const trace = 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n';
		const [first, second] = [await fixture.ask(trace, '/1'), await fixture.ask(trace, '/2')];
		await waitFor('both calls', () => fixture.payments.requests.length === 2);
		first.reset();
		await waitFor('one call to end', () => fixture.app.ends.length === 1);
		for (const connection of fixture.payments.connections) {
			if (connection.ended === '') connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
		}
		expect((await second.readResponse()).status).toBe(200);
		expect(fixture.app.ends.map(({ status }) => status)).toEqual([499, 200]);
	});
});

describe('grpc-timeout', () => {
	const told = ({ raw }: WireMessage): string[] =>
		[...raw.toString('latin1').matchAll(/\r\ngrpc-timeout: (\S+)/gi)].map(([, value]) => String(value));

	it('is the deadline of the request, and says so in its own words', async () => {
		await fixture.start();
		fixture.app.script = () => undefined;
		const response = await (await fixture.ask(`${GRPC}grpc-timeout: 100m\r\n`)).readResponse();
		expect(response.status).toBe(200);
		expect(headOf(response)).toMatch(/\r\ngrpc-status: 4\r\ngrpc-message: request_timeout: .*grpc-timeout/);
		expect(headOf(response)).toContain('details="request_timeout"');
	});

	it('is taken over by the calls of the app, which are told no more than is left', async () => {
		fixture.payments.follow({
			onRequest: (_request, connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
		});
		await fixture.start();
		relay({ headers: { 'content-type': 'application/grpc', 'grpc-timeout': '1H' } });
		expect((await (await fixture.ask(`${GRPC}grpc-timeout: 20S\r\n`)).readResponse()).status).toBe(200);
		const [value] = told(fixture.payments.requests[0] as WireMessage);
		expect(value).toMatch(/^\d{8}u$/);
		expect(Number.parseInt(String(value), 10)).toBeLessThan(20_000_000);
	});

	it('is lowered at each attempt, and holds for a call of its own', async () => {
		fixture.payments.follow(silent);
		await fixture.start({
			outbound: { timeouts: { backendRequest: '60ms' }, retry: { attempts: 9, on: ['timeout'] } },
		});
		relay({ headers: { 'content-type': 'application/grpc', 'grpc-timeout': '300m' } });
		await (await fixture.ask()).readResponse();
		const values = fixture.payments.requests.flatMap(told).map((value) => parseGrpcTimeout(value) ?? 0);
		expect(values.length).toBeGreaterThan(1);
		expect(values).toEqual([...values].sort((a, b) => b - a));
		expect(new Set(values).size).toBe(values.length);
		expect(await fixture.call()).toMatchObject({ errorCode: 'request_timeout' });
	});

	it.each(['0n', '0S'])('%s: the time is up already', async (value) => {
		await fixture.start();
		let asked = 0;
		fixture.app.script = ({ response }) => {
			asked++;
			response.end();
		};
		const response = await (await fixture.ask(`${GRPC}grpc-timeout: ${value}\r\n`)).readResponse();
		expect(headOf(response)).toContain('\r\ngrpc-status: 4\r\n');
		expect(asked).toBe(0);
	});

	it.each([
		['malformed', `${GRPC}grpc-timeout: 1s\r\n`, '1s'],
		['of a request that is no gRPC', 'grpc-timeout: 1n\r\n', '1n'],
	])('that is %s states nothing, and goes on as it came', async (_what, fields, value) => {
		await fixture.start();
		let got: unknown;
		fixture.app.script = ({ request, response }) => {
			got = request.headers['grpc-timeout'];
			response.end();
		};
		expect((await (await fixture.ask(fields)).readResponse()).status).toBe(200);
		expect(got).toBe(value);
	});
});
