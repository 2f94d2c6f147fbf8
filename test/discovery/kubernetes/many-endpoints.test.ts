import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { type RecordingSink, Watching } from './watching.ts';

/** Of the thread's CPU time. */
const LONGEST_TURN_MS = 10;
let server: Worker;
let port = 0;

beforeAll(async () => {
	// Loading the client is one long turn of its own, at the first start of all.
	await import('undici');
	server = new Worker(join(import.meta.dirname, 'big-server.ts'));
	[port] = (await once(server, 'message')) as [number];
});
afterAll(async () => {
	server.postMessage('stop');
	await once(server, 'exit');
});

/** The longest turn of the event loop from now until it is stopped. */
class Turns {
	longestMs = 0;
	private before = process.threadCpuUsage();
	private isStopped = false;

	constructor() {
		setImmediate(this.turn);
	}

	stop(): number {
		this.isStopped = true;
		return this.longestMs;
	}

	private turn = (): void => {
		const { user, system } = process.threadCpuUsage(this.before);
		this.longestMs = Math.max(this.longestMs, (user + system) / 1000);
		this.before = process.threadCpuUsage();
		if (!this.isStopped) setImmediate(this.turn);
	};
}

async function measured(what: string, run: () => Promise<void>): Promise<number> {
	const turns = new Turns();
	await run();
	const longest = turns.stop();
	process.stdout.write(`${what}: longest turn ${longest.toFixed(1)} ms\n`);
	return longest;
}

it('ten thousand endpoints never hold up the event loop', { timeout: 60_000 }, async () => {
	const listed: number[] = [];
	const rolled: number[] = [];
	for (let attempt = 0; attempt < 3; attempt++) {
		const watching = new Watching({ port });
		const sink: RecordingSink = watching.follow('payments');
		listed.push(await measured('list', () => waitFor('the list', () => sink.addresses?.length === 10_000)));
		const before = sink.updates.length;
		server.postMessage('roll out');
		const isThere = () => sink.updates.length > before && sink.updates.at(-1)?.length === 10_000;
		rolled.push(
			await measured('roll-out', async () => {
				await waitFor('the roll-out', isThere);
			}),
		);
		watching.stop();
	}
	// The smallest of three: another process may have cost one of them its caches.
	expect(Math.min(...listed)).toBeLessThan(LONGEST_TURN_MS);
	expect(Math.min(...rolled)).toBeLessThan(LONGEST_TURN_MS);
});
