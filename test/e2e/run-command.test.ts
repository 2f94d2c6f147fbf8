/** `run -- COMMAND`: what the app notices of being supervised, and what its supervisor does with signals. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { Front, type FrontOptions } from './front.ts';
import { isFree, ROOT } from './program.ts';
import { untilListening } from './real-app.ts';

const NOT_HERE = 1;
const EXPRESS = join(import.meta.dirname, 'express-app.mjs');
const started: Front[] = [];
afterEach(async () => {
	await Promise.all(started.splice(0).map((front) => front.stop()));
});

/** A supervised app that need not listen. */
async function supervise(command: readonly string[], options: FrontOptions = {}, more: object = {}): Promise<Front> {
	const front = await Front.start({ app: { port: NOT_HERE }, ...more }, { until: 'bound', ...options, command });
	started.push(front);
	return front;
}

/** A shell script as the app. */
const sh = (script: string, options?: FrontOptions, more?: object) => supervise(['sh', '-c', script], options, more);

/** An app that says which signals it gets, until it is told to end. */
const SIGNALS = ['HUP', 'QUIT', 'USR1', 'USR2', 'WINCH', 'CONT'] as const;
const LISTENER = `
for (const name of ${JSON.stringify(SIGNALS)}) process.on('SIG' + name, () => console.log('got ' + name));
process.on('SIGTERM', () => { console.log('got TERM'); process.exit(9); });
setInterval(() => {}, 1e6);
console.log('up');`;
const listener = () => supervise(['node', '-e', LISTENER]);

describe('what the app notices', () => {
	it('is nothing on its standard streams: every byte out and in is its own', async () => {
		const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
		const front = await sh('cat; printf "to stderr\\n" >&2; exit 0', { stdin: bytes });
		expect(await front.program.ended()).toBe(0);
		expect(Buffer.from(front.program.stdout, 'latin1').equals(bytes)).toBe(true);
		expect(front.program.stderr).toContain('\nto stderr\n');
	});

	it('is nothing in its arguments, environment and folder', async () => {
		const script = 'printf "%s|" "$@"; echo; echo "$SECRET"; pwd; env | grep -ci proxy';
		const front = await supervise(['sh', '-c', script, 'zero', 'a b', '', '--help', '-x', '--'], {
			env: { SECRET: 's3cret', HTTP_PROXY: '', http_proxy: '' },
			cwd: ROOT,
		});
		await front.program.ended();
		const [args, secret, folder] = front.program.stdout.split('\n');
		expect(args).toBe('a b||--help|-x|--|');
		expect(secret).toBe('s3cret');
		expect(folder).toBe(ROOT);
	});

	it('is no parent but the sidecar itself: no process stands between', async () => {
		const front = await sh('echo parent $PPID');
		await front.program.ended();
		expect(front.program.stdout).toBe(`parent ${front.program.pid}\n`);
	});
});

describe('a command that cannot be started', () => {
	it.each([
		['does not exist', 'no-such-command', 'ENOENT'],
		['may not be executed', './routes.yaml', 'EACCES'],
	])('that %s is named, and everything ends with 64', async (_what, command, reason) => {
		const front = await supervise([command]);
		expect(await front.program.ended()).toBe(64);
		expect(front.program.stderr).toContain(`cannot start ${command}: ${reason}`);
		expect(front.program.stderr).not.toMatch(/ at .*\.[tj]s:\d/);
		expect(await isFree(front.port)).toBe(true);
	});
});

describe('signals', () => {
	it(`${SIGNALS.join(', ')} are handed to the app, and change nothing else`, async () => {
		const front = await listener();
		await front.program.untilPrinted(/^up$/m);
		for (const name of SIGNALS) {
			front.program.signal(`SIG${name}`);
			await front.program.untilPrinted(new RegExp(`^got ${name}$`, 'm'));
		}
		expect(await front.status('/live')).toBe(200);
		expect(front.program.stderr).not.toContain('Debugger');
		expect(front.program.stdout.match(/got/g)).toHaveLength(SIGNALS.length);
	});

	it.each(['HUP', 'USR2'])('SIG%s is handed on however early in the life of the app it comes', async (name) => {
		const front = await sh(
			`trap 'echo got ${name}; exit 6' ${name}; kill -${name} $PPID; while :; do sleep 0.05; done`,
		);
		expect(await front.program.ended()).toBe(6);
		expect(front.program.stdout).toBe(`got ${name}\n`);
	});

	it('SIGTERM reaches the app, whose own exit code is then no failure', async () => {
		const front = await listener();
		await front.program.untilPrinted(/^up$/m);
		front.program.signal('SIGTERM');
		expect(await front.program.ended()).toBe(0);
		expect(front.program.stdout).toContain('got TERM');
	});

	it('a second one ends an app that does not listen to the first', async () => {
		const front = await sh("trap '' TERM; echo up $$; while :; do sleep 0.05; done");
		const [, pid] = await front.program.untilPrinted(/up (\d+)/);
		front.program.signal('SIGTERM');
		await front.program.untilPrinted(/"message":"draining"/);
		front.program.signal('SIGTERM');
		expect(await front.program.ended()).toBe(143);
		await waitFor('the end of the app', () => !isAlive(Number(pid)));
	});

	it('one that comes as soon as the ports are open ends with 0, whether the app has been started or not', async () => {
		const front = await supervise(['sh', '-c', 'echo ran; exec sleep 9'], {}, {});
		front.program.signal('SIGTERM');
		expect(await front.program.ended()).toBe(0);
	});
});

describe('the end of the app', () => {
	it('is final: it is not started again', async () => {
		const front = await sh('echo started; exit 4');
		expect(await front.program.ended()).toBe(4);
		expect(front.program.stdout).toBe('started\n');
	});

	it('while draining is not hidden, and ends the wait at once', async () => {
		const port = await freePort();
		const front = await Front.start(
			{ app: { port }, shutdown: { propagation: '60s', drain: '60s' } },
			{ command: ['node', '-e', `require('http').createServer(() => process.exit(5)).listen(${port}, '127.0.0.1')`] },
		);
		started.push(front);
		front.program.signal('SIGTERM');
		await front.program.untilPrinted(/"message":"draining"/);
		await fetch(`${front.url}/crash`).catch(() => null);
		expect(await front.program.ended()).toBe(5);
	});

	it('by the same SIGTERM that a service manager sends to all ends with 0', async () => {
		const port = await freePort();
		const front = await Front.start(
			{ app: { port }, shutdown: { propagation: '60s', drain: '60s' } },
			{ command: ['sh', '-c', `echo up $$; exec node ${EXPRESS} ${port}`] },
		);
		started.push(front);
		const [, pid] = await front.program.untilPrinted(/up (\d+)/);
		front.program.signal('SIGTERM');
		await front.program.untilPrinted(/"message":"draining"/);
		process.kill(Number(pid), 'SIGTERM');
		expect(await front.program.ended()).toBe(0);
	});
});

describe('SIGTERM while a request is being answered', () => {
	it('lets it finish before the app is stopped', async () => {
		const port = await freePort();
		const front = await Front.start(
			{ app: { port }, shutdown: { propagation: '0s', drain: '30s' } },
			{ command: ['node', EXPRESS, String(port)] },
		);
		started.push(front);
		const slow = fetch(`${front.url}/wait`);
		await front.program.untilPrinted(/^waiting$/m);
		front.program.signal('SIGTERM');
		await front.program.untilPrinted(/"message":"draining"/);
		await waitFor('the end of accepting', async () => (await fetch(front.url).catch(() => null)) === null);
		// The app is there for whoever can reach it: it has not been told to stop.
		await untilListening(port);
		// With its last request done the app may be stopped before it has answered this one.
		await fetch(`http://127.0.0.1:${port}/release`, { method: 'POST' }).catch(() => null);
		const answer = await slow;
		expect([answer.status, await answer.text(), answer.headers.get('connection')]).toEqual([200, 'waited', 'close']);
		expect(await front.program.ended()).toBe(0);
		expect(await isFree(port)).toBe(true);
	});
});

describe('a plain run', () => {
	it('leaves the app alone, whatever becomes of the sidecar', async () => {
		const port = await freePort();
		const script = join(ROOT, 'test/e2e/express-app.mjs');
		const app = await supervise(['node', script, String(port)]);
		await untilListening(port);
		const front = await Front.start({ app: { port } });
		started.push(front);
		expect(await (await fetch(`${front.url}/hello`)).text()).toBe('hello');
		front.program.signal('SIGKILL');
		expect(await front.program.ended()).toBe('SIGKILL');
		expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe('hello');
		expect(app.program.hasExited).toBe(false);
	});

	it('runs on without its app, says 503, and finds it again', async () => {
		const port = await freePort();
		const front = await Front.start({ app: { port }, limits: { holdFor: '0s' } }, { until: 'bound' });
		started.push(front);
		const file = join(front.folder, 'app');
		writeFileSync(file, `#!/bin/sh\nexec node ${EXPRESS} ${port}\n`);
		chmodSync(file, 0o755);
		for (let round = 0; round < 2; round++) {
			const app = await supervise([file]);
			await front.untilReady();
			expect(await (await fetch(`${front.url}/hello`)).text()).toBe('hello');
			await app.stop();
			const gone = await fetch(`${front.url}/hello`);
			expect([gone.status, gone.headers.get('proxy-status')]).toEqual([503, expect.stringContaining('connect_failed')]);
			await waitFor('unreadiness', async () => (await front.status('/ready')) === 503);
		}
		expect(front.program.hasExited).toBe(false);
	});
});

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}
