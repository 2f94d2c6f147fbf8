import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpControlServer } from '../../src/admin/control-server.ts';
import type { Log } from '../../src/ports/log.ts';
import { LogIntake, type LogIntakeLimits } from '../../src/telemetry/log-intake.ts';
import { ManualClock } from '../support/manual-time.ts';
import { within } from '../support/wait-for.ts';
import { Lines } from './lines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const stop of stops.splice(0)) await stop();
});

async function openIntake(limits: Partial<LogIntakeLimits> = {}, requestTimeoutMs?: number) {
	const lines = new Lines();
	const clock = new ManualClock();
	const intake = new LogIntake({
		path: '/log',
		workload: { name: 'orders', namespace: 'shop', version: 'v1' },
		stream: lines,
		clock,
		breathe: () => new Promise((resolve) => setImmediate(resolve)),
		serve: (handler) =>
			new HttpControlServer({
				listen: { host: '127.0.0.1', port: 0 },
				handler,
				log: silent,
				...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
			}),
		limits,
	});
	const { port } = await intake.start();
	stops.push(() => intake.stop());
	const url = `http://127.0.0.1:${port}/log`;
	const post = (body: string, headers: Record<string, string> = {}) => fetch(url, { method: 'POST', body, headers });
	return { intake, lines, clock, port, url, post };
}

describe('the log intake', () => {
	it('takes what an app in Python posts', async () => {
		const { lines, url } = await openIntake();
		const script = `
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], data=json.dumps({"level": "info", "message": "sta\\u00e9rted"}).encode(),
    headers={"content-type": "application/json"})
print(urllib.request.urlopen(request).status)`;
		const { stdout } = await promisify(execFile)('python3', ['-c', script, url.replace('127.0.0.1', 'localhost')]);
		expect(stdout.trim()).toBe('204');
		expect(lines.json()).toEqual([
			{
				time: '2026-01-01T00:00:00.000Z',
				kind: 'app',
				workload: { name: 'orders', namespace: 'shop', version: 'v1' },
				trace_id: '',
				span_id: '',
				record: { level: 'info', message: 'staérted' },
			},
		]);
	});

	it.each([
		['an object', '{"n":1}', [{ n: 1 }]],
		['an array', '[{"n":1}, {"n":2}]', [{ n: 1 }, { n: 2 }]],
		['lines', '{"n":1}\n{"n":2}\n', [{ n: 1 }, { n: 2 }]],
		['an empty array', '[]', []],
	])('takes %s, whatever the content type', async (_, body, records) => {
		const { lines, post } = await openIntake();
		const response = await post(body, { 'content-type': 'application/x-www-form-urlencoded' });
		expect(response.status).toBe(204);
		expect(lines.json().map(({ record }) => record)).toEqual(records);
	});

	it('cannot be made to forge our fields or a second line', async () => {
		const { lines, post } = await openIntake();
		await post('{"kind":"access","time":"never","workload":{},"message":"a\\n{\\"kind\\":\\"access\\"}"}\r\n');
		const [line, ...more] = lines.json();
		expect(more).toEqual([]);
		expect(line).toMatchObject({
			kind: 'app',
			workload: { name: 'orders' },
			record: { kind: 'access', time: 'never' },
		});
	});

	it('takes the trace from the request, else from the record', async () => {
		const { lines, post } = await openIntake();
		const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;
		const other = { trace_id: 'f'.repeat(32), span_id: 'e'.repeat(16) };
		await post(JSON.stringify(other), { traceparent });
		await post(JSON.stringify([{ traceparent }, other, { traceId: TRACE_ID, spanId: 'no' }, { trace_id: 7 }]));
		expect(lines.json().map(({ trace_id, span_id }) => [trace_id, span_id])).toEqual([
			[TRACE_ID, SPAN_ID],
			[TRACE_ID, SPAN_ID],
			[other.trace_id, other.span_id],
			[TRACE_ID, ''],
			['', ''],
		]);
	});

	it.each([
		['no JSON', 'hello', 400],
		['a number', '7', 400],
		['one bad record among good ones', '[{"a":1},2]', 400],
		['too many records', `[${new Array(1001).fill('{}').join(',')}]`, 413],
		['deep nesting', `{"a":${'['.repeat(100_000)}`, 400],
		['a large body', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 413],
	])('refuses %s whole and says why', async (_, body, status) => {
		const { lines, post } = await openIntake();
		const response = await post(body);
		expect(response.status).toBe(status);
		expect(await response.json()).toEqual({ error: 'log_not_taken', detail: expect.stringMatching(/./) });
		expect(lines.text).toBe('');
	});

	it('refuses a large body without a length as well', async () => {
		const { lines, url } = await openIntake();
		const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
		const body = ReadableStream.from(new Array(40).fill(chunk));
		expect((await fetch(url, { method: 'POST', body, duplex: 'half' })).status).toBe(413);
		expect(lines.text).toBe('');
	});

	it('answers other paths, other methods and web pages as HTTP says', async () => {
		const { lines, url, post } = await openIntake();
		const wrongMethod = await fetch(url);
		expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST']);
		expect((await fetch(`${url}s`, { method: 'POST', body: '{}' })).status).toBe(404);
		expect((await fetch(`${url}?x=1`, { method: 'POST', body: '{}' })).status).toBe(204);
		expect((await post('{}', { origin: 'http://evil.example' })).status).toBe(403);
		expect(lines.json()).toHaveLength(1);
	});

	it('gives a rate of records, and takes more as time passes', async () => {
		const { intake, clock, post } = await openIntake({ recordsPerSecond: 10 });
		expect((await post('[{},{},{},{},{},{},{},{}]')).status).toBe(204);
		const refused = await post('[{},{},{}]');
		expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
		expect((await post('[{},{}]')).status).toBe(204);
		clock.move(500);
		expect((await post('[{},{},{},{},{}]')).status).toBe(204);
		expect((await post('{}')).status).toBe(429);
		expect(intake.refused).toBe(2);
	});

	it('refuses more requests at once than it is meant to hold, and recovers', async () => {
		const { port, post } = await openIntake({ concurrency: 1 });
		const slow = connect(port, '127.0.0.1');
		slow.write('POST /log HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n');
		await new Promise((resolve) => slow.once('data', resolve)); // 100 Continue: the handler waits for the body
		const busy = await post('{}');
		expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '1']);
		const answered = new Promise<string>((resolve) => slow.once('data', (data: Buffer) => resolve(data.toString())));
		slow.write('{}');
		expect(await within('the slow reply', answered)).toContain('204');
		slow.destroy();
		expect((await post('{}')).status).toBe(204);
	});

	it('gives up a body that does not come in time', async () => {
		const { port, lines } = await openIntake({}, 50);
		const slow = connect(port, '127.0.0.1');
		slow.write('POST /log HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":');
		const answer = new Promise<string>((resolve) => slow.once('data', (data: Buffer) => resolve(data.toString())));
		expect(await within('the reply', answer)).toContain('HTTP/1.1 408 ');
		expect(lines.text).toBe('');
		slow.destroy();
	});
});
