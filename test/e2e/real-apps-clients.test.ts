/** Clients that nobody here wrote, in front of the sidecar in front of an Express app: curl, undici, wrk. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { Front } from './front.ts';
import { runToEnd, START_DEADLINE_MS } from './program.ts';

const BIG = Buffer.alloc(3_000_000, 'abcdefgh');
const NO_ENV = { http_proxy: '', HTTP_PROXY: '', NO_PROXY: '*' };

let front: Front;
beforeAll(async () => {
	const port = await freePort();
	const command = ['node', join(import.meta.dirname, 'express-app.mjs'), String(port)];
	front = await Front.start({ app: { port }, telemetry: { accessLog: { when: 'off' } } }, { command });
}, START_DEADLINE_MS);
afterAll(() => front?.stop());

/** Standard output of curl; it must succeed. `-w` texts are part of it. */
async function curl(args: readonly string[], stdin?: Buffer): Promise<string> {
	const all = [
		'--silent',
		'--show-error',
		'--max-time',
		'10',
		...args.map((arg) => arg.replace(/^\/(?!dev\/)/, `${front.url}/`)),
	];
	const { code, stdout, stderr } = await runToEnd('curl', all, {
		env: NO_ENV,
		...(stdin === undefined ? {} : { stdin }),
	});
	expect(code, `curl ${args.join(' ')}: ${stderr}`).toBe(0);
	return stdout;
}

const digest = (data: string | Buffer): string =>
	createHash('sha256')
		.update(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
		.digest('hex');

describe('curl', () => {
	it('gets, with the app asked over HTTP/1.0 and 1.1 alike', async () => {
		expect(await curl(['/hello'])).toBe('hello');
		expect(await curl(['--http1.0', '-w', ' %{http_code} %{http_version}', '/hello'])).toMatch(/^hello 200 1\.[01]$/);
		expect(await curl(['--http1.0', '/stream'])).toBe('one two three');
	});

	it('asks for the head only', async () => {
		expect(await curl(['-I', '/big'])).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 3000000\r\n/);
	});

	it('posts, and gets its own bytes back', async () => {
		expect(await curl(['--data-binary', '@-', '/echo'], BIG)).toHaveLength(BIG.length);
	});

	it('uploads from a pipe, in chunks of unknown number', async () => {
		const data = randomBytes(1_500_000);
		expect(digest(await curl(['-T', '-', '-X', 'POST', '/echo'], data))).toBe(digest(data));
		expect(await curl(['-T', '-', '/size'], data)).toBe('1500000');
	});

	it('waits for 100-continue before it sends 2 MB', async () => {
		const data = Buffer.alloc(2 * 1024 * 1024, 'x');
		const args = [
			'-v',
			'--expect100-timeout',
			'9',
			'-H',
			'Expect: 100-continue',
			'--data-binary',
			'@-',
			'-o',
			'/dev/null',
		];
		const { code, stderr } = await runToEnd('curl', ['-s', ...args, `${front.url}/echo`], { env: NO_ENV, stdin: data });
		expect({ code, stderr }).toMatchObject({ code: 0 });
		expect(stderr).toContain('HTTP/1.1 100 Continue');
		expect(stderr).toContain('HTTP/1.1 200 OK');
		expect(stderr).not.toContain('Done waiting for 100-continue');
	});

	it('takes a range, a redirect and a compressed answer', async () => {
		expect(await curl(['-r', '4-14', '-w', ' %{http_code}', '/file'])).toBe('An ordinary 206');
		expect(await curl(['-L', '-w', ' %{num_redirects}', '/away'])).toBe('hello 1');
		expect(await curl(['--compressed', '/gzip'])).toBe('compressed '.repeat(99));
	});

	it('keeps one connection for many URLs', async () => {
		const urls = Array.from({ length: 6 }, (_, index) => [`/json/${index}`, '-o', '/dev/null']);
		const counts = await curl([...urls.flat(), '-w', '%{num_connects}']);
		expect(counts).toBe('100000');
	});
});

describe('undici', () => {
	it('sends and receives bodies of 64 KB, byte for byte', async () => {
		const bodies = Array.from({ length: 8 }, () => randomBytes(65_536));
		const echoed = await Promise.all(
			bodies.map(async (body) => {
				const answer = await request(`${front.url}/echo`, { method: 'POST', body });
				return digest(Buffer.from(await answer.body.arrayBuffer()));
			}),
		);
		expect(echoed).toEqual(bodies.map(digest));
	});

	it('fetches, with what fetch adds to a request', async () => {
		const response = await fetch(`${front.url}/json`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ a: 1 }),
		});
		expect(response.status).toBe(201);
		expect(await response.json()).toEqual({ got: { a: 1 } });
	});

	it('pipelines ten requests on one connection', async () => {
		const client = new Client(front.url, { pipelining: 10 });
		const ids = Array.from({ length: 10 }, (_, index) => String(index));
		const answers = await Promise.all(
			ids.map(async (id) => {
				const { body } = await client.request({ path: `/json/${id}`, method: 'GET' });
				return ((await body.json()) as { id: string }).id;
			}),
		);
		await client.close();
		expect(answers).toEqual(ids);
	});
});

/** `Requests/sec`, and what went wrong in wrk's own words; `''` when nothing did. */
async function wrk(port: number, path: string, seconds: number): Promise<{ perSecond: number; wrong: string }> {
	const args = ['-t1', '-c16', `-d${seconds}s`, '--timeout', '5s', `http://127.0.0.1:${port}${path}`];
	const { code, stdout, stderr } = await runToEnd('wrk', args);
	expect(code, stderr).toBe(0);
	const wrong = /^.*(?:Non-2xx|Socket errors).*$/m.exec(stdout)?.[0] ?? '';
	return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]), wrong };
}

describe('wrk', () => {
	it('sees no failure in a burst of two seconds', async () => {
		const { perSecond, wrong } = await wrk(front.port, '/hello', 2);
		expect(wrong).toBe('');
		expect(perSecond).toBeGreaterThan(100);
	});

	it('sees none either in front of an app that closes after each answer and queues five connections', async () => {
		const port = await freePort();
		const command = ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1'];
		const python = await Front.start({ app: { port }, telemetry: { accessLog: { when: 'errors' } } }, { command });
		try {
			const { perSecond, wrong } = await wrk(python.port, '/routes.yaml', 2);
			expect(wrong, python.program.stdout.slice(0, 2000)).toBe('');
			expect(perSecond).toBeGreaterThan(20);
		} finally {
			await python.stop();
		}
	});
});
