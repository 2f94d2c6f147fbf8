/** The app's logs, posted by a program that nobody here wrote: python3, with `requests` where it is installed. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { Front } from './front.ts';
import { runToEnd, START_DEADLINE_MS } from './program.ts';

const HAS_REQUESTS = spawnSync('python3', ['-c', 'import requests']).status === 0;
if (!HAS_REQUESTS) console.warn('left out: python3 has no `requests` here; urllib posts alone');

const REQUESTS = `import requests, sys
answer = requests.post(sys.argv[1], data=sys.argv[2].encode(), headers={"traceparent": sys.argv[3]})
print(answer.status_code, answer.text)`;
const REQUESTS_JSON = `import requests, sys
session = requests.Session()
for number in range(3):
    print(session.post(sys.argv[1], json={"level": "info", "message": "order placed é", "number": number}).status_code)`;
const URLLIB = `import sys, urllib.request, urllib.error
post = urllib.request.Request(sys.argv[1], data=sys.argv[2].encode(), headers={"traceparent": sys.argv[3], "Content-Type": "application/json"})
try:
    answer = urllib.request.urlopen(post)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())`;

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const WORKLOAD = { name: 'orders', namespace: 'shop', version: 'v7' };

let front: Front;
let url = '';
beforeAll(async () => {
	const port = await freePort();
	const app = { port: 1, ...WORKLOAD };
	front = await Front.start({ app, telemetry: { logIntake: { listen: `127.0.0.1:${port}` } } }, { until: 'bound' });
	url = `http://localhost:${port}/log`;
}, START_DEADLINE_MS);
afterAll(() => front?.stop());

/** What python printed: the status and the body. */
async function python(script: string, ...args: string[]): Promise<string> {
	const { code, stdout, stderr } = await runToEnd('python3', ['-c', script, url, ...args], { env: { NO_PROXY: '*' } });
	expect(code, stderr).toBe(0);
	return stdout.trim();
}

const CLIENTS = [['urllib', URLLIB], ...(HAS_REQUESTS ? [['requests', REQUESTS]] : [])] as [string, string][];

describe.each(CLIENTS)('python3 with %s', (_name, script) => {
	it('has its record on the sidecar’s standard output, with whose it is, its trace and the time', async () => {
		const before = front.lines('app').length;
		const sent = Date.now();
		const record = { level: 'info', message: 'order placed', order: { id: 7, lines: [1, 2] }, kind: 'access' };
		expect(await python(script, JSON.stringify(record), `00-${TRACE}-${SPAN}-01`)).toBe('204');
		const line = (await front.untilLines('app', before + 1)).at(-1);
		expect(line).toEqual({
			time: expect.any(String),
			kind: 'app',
			workload: WORKLOAD,
			trace_id: TRACE,
			span_id: SPAN,
			record,
		});
		const time = Date.parse(line?.['time'] as string);
		expect(time).toBeGreaterThanOrEqual(sent - 1);
		expect(time).toBeLessThanOrEqual(Date.now());
	});

	it.each([
		['not JSON', 'order placed'],
		['half of it', '{"level":"info"'],
		['no object', '"text"'],
		['an array with something else in it', '[{"a":1},2]'],
		['nothing', ''],
	])('is told 400, and nothing is written, when it posts %s', async (_what, body) => {
		const before = front.lines('app').length;
		expect(await python(script, body, '')).toMatch(/^400 \{"error":"log_not_taken","detail":".+"\}$/);
		// A good record comes out after all that was before it.
		expect(await python(script, '{"after":true}', '')).toBe('204');
		const lines = await front.untilLines('app', before + 1);
		expect(lines.slice(before).map((line) => line['record'])).toEqual([{ after: true }]);
	});
});

describe('a program as people write it', () => {
	it.runIf(HAS_REQUESTS)('posts from one session, one record after the other', async () => {
		const before = front.lines('app').length;
		expect(await python(REQUESTS_JSON)).toBe('204\n204\n204');
		const lines = (await front.untilLines('app', before + 3)).slice(before);
		const posted = { level: 'info', message: 'order placed é' };
		expect(lines.map((line) => line['record'])).toEqual([0, 1, 2].map((number) => ({ ...posted, number })));
		expect(lines.map((line) => [line['trace_id'], line['span_id']])).toEqual(lines.map(() => ['', '']));
	});

	it('posts lines of JSON with curl, all or none', async () => {
		const before = front.lines('app').length;
		const data = '{"n":1}\n{"n":2,"trace_id":"0af7651916cd43dd8448eb211c80319c"}\n';
		const { stdout } = await runToEnd('curl', ['-s', '-w', '%{http_code}', '--data-binary', data, url]);
		expect(stdout).toBe('204');
		const lines = (await front.untilLines('app', before + 2)).slice(before);
		expect(lines.map((line) => [(line['record'] as { n: number }).n, line['trace_id']])).toEqual([
			[1, ''],
			[2, TRACE],
		]);
	});
});
