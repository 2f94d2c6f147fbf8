/** Everything at once for a while, mistakes of clients included; then nothing may be left of it. */
import http from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Load, Tally } from '../load.ts';
import { type ServiceView, Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

export interface SoakResult {
	readonly tally: Tally;
	readonly done: Readonly<Record<string, number>>;
	readonly failed: readonly string[];
	readonly service: ServiceView;
	readonly activeRequests: number;
	/** Memory at even distances, from half of the time on: of the process, and the live part of its heap. */
	readonly rssMb: readonly number[];
	readonly heapMb: readonly number[];
}

/** What a client may do; rejects when it did not end as it should. */
type Act = (port: number) => Promise<void>;

const PAUSE_MS = 20;
const ACT_WORKERS = 6;
const BODY_BYTES = 200_000;
const SAMPLES = 40;

function post(port: number, isChunked: boolean): Promise<void> {
	return new Promise((resolve, reject) => {
		const body = Buffer.alloc(BODY_BYTES, 'b');
		const headers = isChunked ? {} : { 'content-length': body.length };
		const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false }, (response) => {
			let seen = 0;
			response.on('data', (chunk: Buffer) => {
				seen += chunk.length;
			});
			response.on('error', reject);
			response.on('end', () => (seen === body.length ? resolve() : reject(new Error(`echo of ${seen} bytes`))));
		});
		request.on('error', reject);
		request.write(body.subarray(0, BODY_BYTES / 2));
		setTimeout(() => request.end(body.subarray(BODY_BYTES / 2)), 1);
	});
}

/** Sends something and goes away, politely or not, after a moment. */
function leave(port: number, text: string, isReset: boolean): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => {
			socket.write(text);
			setTimeout(() => (isReset ? socket.resetAndDestroy() : socket.destroy()), Math.random() * 10);
		});
		socket.on('error', () => {});
		socket.on('close', () => resolve());
	});
}

/** Takes an echoed body at a walking pace. */
function readSlowly(port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		let seen = 0;
		const socket = connect(port, '127.0.0.1', () => {
			socket.write(`POST / HTTP/1.1\r\nhost: app.test\r\nconnection: close\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
			socket.write(Buffer.alloc(BODY_BYTES, 's'));
		});
		socket.on('data', (chunk) => {
			seen += chunk.length;
			socket.pause();
			setTimeout(() => socket.resume(), 5);
		});
		socket.on('error', reject);
		socket.on('close', () => (seen > BODY_BYTES ? resolve() : reject(new Error(`only ${seen} bytes`))));
	});
}

/** An upgraded connection that echoes; ended by the client. */
function tunnel(port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		let text = '';
		const socket = connect(port, '127.0.0.1', () => {
			socket.write(
				'GET / HTTP/1.1\r\nhost: app.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
					'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
			);
		});
		socket.on('data', (chunk) => {
			const isFirst = !text.includes('\r\n\r\n');
			text += chunk.toString('latin1');
			if (isFirst && text.includes('\r\n\r\n')) socket.write('ping');
			if (text.endsWith('ping')) socket.end();
		});
		socket.on('error', reject);
		socket.on('close', () => (text.endsWith('ping') ? resolve() : reject(new Error(`no echo: ${text.slice(0, 60)}`))));
	});
}

const CUT_BODY = 'POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 1000\r\n\r\nonly this';
const SLOW_ANSWER = 'GET /delay/50 HTTP/1.1\r\nhost: app.test\r\n\r\n';

const ACTS: Readonly<Record<string, Act>> = {
	post: (port) => post(port, false),
	'post in chunks': (port) => post(port, true),
	'slow reader': readSlowly,
	websocket: tunnel,
	'leaves within its body': (port) => leave(port, CUT_BODY, false),
	'resets within its body': (port) => leave(port, CUT_BODY, true),
	'leaves before the answer': (port) => leave(port, SLOW_ANSWER, false),
	'resets before the answer': (port) => leave(port, SLOW_ANSWER, true),
	'leaves a websocket': (port) =>
		leave(port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nping', true),
	'half a head': (port) => leave(port, 'GET / HT', false),
	'no HTTP at all': (port) => leave(port, '\x16\x03\x01\x02\x00\x01', false),
};

interface Time {
	/** Until then there are no pauses: the heap finds its size, which it does by some ten thousand connections. */
	readonly warm: number;
	readonly end: number;
}

async function actUntil(time: Time, port: number, done: Record<string, number>, failed: string[]): Promise<void> {
	while (performance.now() < time.end) {
		for (const [name, act] of Object.entries(ACTS)) {
			try {
				await act(port);
				done[name] = (done[name] ?? 0) + 1;
			} catch (error) {
				failed.push(`${name}: ${(error as Error).message}`);
			}
			if (performance.now() > time.warm) await sleep(Math.random() * PAUSE_MS);
		}
	}
}

export async function soak(main: string | undefined, seconds: number): Promise<SoakResult> {
	const app = await startApp('ordinary', 0);
	const sidecar = await Sidecar.start({ main, appPort: app.port });
	const tally = new Tally();
	const done: Record<string, number> = {};
	const failed: string[] = [];
	const rssMb: number[] = [];
	const heapMb: number[] = [];
	try {
		const startedAt = performance.now();
		const end = startedAt + seconds * 1000;
		const warm = startedAt + (seconds * 1000) / 2;
		const load = new Load({ port: sidecar.port, clients: 8, tally, think: () => Math.random() * 10 });
		const acts = Array.from({ length: ACT_WORKERS }, () => actUntil({ warm, end }, sidecar.port, done, failed));
		while (performance.now() < end) {
			await sleep((seconds * 1000) / SAMPLES);
			const used = await sidecar.metric('nodejs_heap_size_used_bytes');
			if (performance.now() < warm) continue;
			rssMb.push(sidecar.rssMb());
			heapMb.push(used / 1e6);
		}
		await Promise.all(acts);
		await load.stop();
		const isStill = async () => {
			const { requests, connections } = await sidecar.service();
			return requests.active === 0 && connections.active === 0 && connections.pending === 0;
		};
		await waitFor('all counts to be back at zero', isStill).catch(() => {});
		const activeRequests = await sidecar.metric('http_server_active_requests');
		return { tally, done, failed, service: await sidecar.service(), activeRequests, rssMb, heapMb };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

/** Of the last half of the samples over the first half: medians, so that one collection more or less does not matter. */
function growth(rssMb: readonly number[]): number {
	const middle = Math.floor(rssMb.length / 2);
	const medianOf = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
	return medianOf(rssMb.slice(middle)) - medianOf(rssMb.slice(0, middle));
}

const SECONDS = 60;
const QUICK_SECONDS = 10;
/** What the collector may still be undecided about. */
const GROWTH_MB = 10;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const found = await soak(main, isQuick ? QUICK_SECONDS : SECONDS);
	const { tally, done, failed, service, activeRequests, rssMb, heapMb } = found;
	say(JSON.stringify(done));
	const figures: Figure[] = [
		atMost('failures of the plain clients', tally.failures, `of ${tally.answers}`, 0, tally.describe()),
		atMost('other exchanges that did not end well', failed.length, '', 0, failed.slice(0, 3).join('; ')),
		atMost('http_server_active_requests at the end', activeRequests, '', 0),
		atMost('active requests at the end', service.requests.active, '', 0),
		atMost('active and pending connections', service.connections.active + service.connections.pending, '', 0),
		atMost('retries under way', service.retries.active, '', 0),
		reported('least heap in use within the second half', Math.min(...heapMb), 'MB'),
		atMost('growth of RSS within the second half', growth(rssMb), 'MB', GROWTH_MB),
		reported('RSS at the end', rssMb.at(-1) ?? 0, 'MB'),
	];
	return figures;
};
