import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `npm start` as a newcomer meets it: every line that it prints to try is tried. */

const ROOT = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 30_000;
const PORT_NAMES = ['SHOP_PORT', 'SHOP_INBOUND_PORT', 'SHOP_ADMIN_PORT'] as const;

async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
	await Promise.all(servers.map((server) => once(server, 'listening')));
	const ports = servers.map((server) => (server.address() as AddressInfo).port);
	await Promise.all(servers.map((server) => once(server.close(), 'close')));
	return ports;
}

let child: ChildProcess;
let printed = '';
let commands: string[] = [];

/** Resolves once `text` has been printed; rejects when the process ends before. */
function waitFor(text: string): Promise<void> {
	return new Promise((done, fail) => {
		const look = (chunk?: unknown) => {
			printed += chunk === undefined ? '' : String(chunk);
			if (printed.includes(text)) done();
		};
		child.stdout?.on('data', look);
		child.stderr?.on('data', look);
		child.once('exit', (code) => fail(new Error(`ended with ${code} before it printed "${text}":\n${printed}`)));
		look();
	});
}

beforeAll(async () => {
	const ports = await freePorts(PORT_NAMES.length);
	const env = { ...process.env, ...Object.fromEntries(PORT_NAMES.map((name, i) => [name, String(ports[i])])) };
	// A process group of its own, so that whatever happens nothing outlives the test.
	child = spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
	await waitFor('Ctrl-C');
	commands = [...printed.matchAll(/^ {2}(curl .+?)(?: {3,}.*)?$/gm)].map((match) => match[1] ?? '');
}, START_TIMEOUT_MS);
afterAll(() => {
	try {
		process.kill(-(child.pid ?? 0), 'SIGKILL');
	} catch {
		// The group has ended, as it should.
	}
});

function run(part: string): string {
	const command = commands.find((line) => line.includes(part)) ?? `echo no command with ${part}; false`;
	const result = spawnSync('sh', ['-c', command.replace('curl ', 'curl --silent --max-time 10 ')], {
		encoding: 'utf8',
	});
	return `exit ${result.status}\n${result.stdout}${result.stderr}`;
}

describe('npm start', () => {
	it.each([
		['/orders', /^exit 0\nHTTP\/1\.1 200 [\s\S]*x-request-id: [\s\S]*paddle/i],
		['/slow', /^exit 0\nHTTP\/1\.1 504 [\s\S]*proxy-status: outrigger; [\s\S]*"error":"request_timeout"/i],
		['/fail', /^exit 0\nHTTP\/1\.1 500 [\s\S]*asked to fail/],
		['/echo', /^exit 0\nhello/],
		['/events', /^exit 0\n(data: \{.*\}\s+){5}$/],
		['/metrics', /^exit 0\n(http_server_request_duration_seconds_count\{.*\} \d+\n)+$/],
	])('the line that it prints for %s does what it says', (path, expected) => {
		expect(run(path)).toMatch(expected);
	});

	it('hides that the flaky page fails every other time', () => {
		for (let call = 0; call < 4; call++) expect(run('/flaky')).toMatch(/^exit 0\nHTTP\/1\.1 200 /);
	});

	it('stops on SIGTERM, app and all', async () => {
		child.kill('SIGTERM');
		const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
		expect({ code, signal }).toEqual({ code: 0, signal: null });
		expect(run('/orders')).toMatch(/^exit 7\n/);
	});
});
