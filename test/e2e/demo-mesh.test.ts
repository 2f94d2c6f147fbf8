/** `npm run demo:mesh` as a newcomer meets it: every line that it prints to try is tried. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { isFree, Program, ROOT, runToEnd } from './program.ts';

const START_TIMEOUT_MS = 30_000;
const PORT_NAMES = [
	'WEB_PORT',
	'WEB_INBOUND_PORT',
	'WEB_OUTBOUND_PORT',
	'WEB_ADMIN_PORT',
	'ORDERS_PORT',
	'ORDERS_INBOUND_PORT',
	'ORDERS_ADMIN_PORT',
];

let demo: Program;
let ports: number[] = [];
let folder = '';
let commands: string[] = [];
let untried: string[] = [];

beforeAll(async () => {
	ports = await Promise.all(PORT_NAMES.map(() => freePort()));
	const env = Object.fromEntries(PORT_NAMES.map((name, i) => [name, String(ports[i])]));
	demo = new Program('npm', ['run', 'demo:mesh'], { cwd: ROOT, env });
	await demo.untilPrinted(/Stop: Ctrl-C/, START_TIMEOUT_MS);
	commands = [...demo.stdout.matchAll(/^ {2}([^ #].*)$/gm)].map((match) => match[1] ?? '');
	folder = commands.shift()?.replace('cd ', '') ?? '';
	untried = commands;
}, START_TIMEOUT_MS);
// It takes its sidecars along, which a SIGKILL would not.
afterAll(async () => {
	demo.signal('SIGTERM');
	await demo.ended();
});

/** Runs the printed line that has this in it, and only one has. */
async function run(part: RegExp): Promise<string> {
	const found = commands.filter((command) => part.test(command));
	expect(found, `a line with ${part}`).toHaveLength(1);
	untried = untried.filter((command) => command !== found[0]);
	const { code, stdout } = await runToEnd('sh', ['-c', found[0] ?? ''], { cwd: folder });
	return `exit ${code}\n${stdout}`;
}

const ANSWER = '{"orders":["paddle","rope","sail"],"askedBy":"spiffe://mesh.local/ns/shop/sa/web"}\n';

describe('npm run demo:mesh', () => {
	it('keeps the keys from everybody else', () => {
		const keys = readdirSync(folder).filter((name) => name.endsWith('.key'));
		expect(keys.sort()).toEqual(['ca.key', 'orders.key', 'visitor.key', 'web.key']);
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		for (const key of keys) expect(statSync(join(folder, key)).mode & 0o777).toBe(0o600);
	});

	it('shows that orders knows who has asked', async () => {
		expect(await run(/^curl --cacert ca.pem --cert/)).toBe(`exit 0\n${ANSWER}`);
	});

	it('refuses a stranger, with and without TLS', async () => {
		// What curl makes of it depends on its library: no answer in any case.
		for (const part of [/^curl --cacert ca.pem https/, /^curl http:..localhost/]) {
			expect(await run(part)).toMatch(/^exit [1-9]\d*\n$/);
		}
	});

	it('refuses at orders what may ask web only', async () => {
		expect(await run(/^curl -i/)).toMatch(/^exit 0\nHTTP\/1\.1 403 Forbidden\r[\s\S]*{"error":"not_authorized",/);
	});

	it('answers every call while certificates change', async () => {
		const before = await serials();
		const calls = run(/^for n in/);
		for (const name of ['web', 'orders']) {
			expect(await run(new RegExp(`certs issue .*/sa/${name} `))).toBe('exit 0\n');
		}
		expect(await calls).toMatch(/^exit 0\n *50 {"orders".*}\n$/);
		const isNew = (serial: string, i: number) => serial !== before[i];
		await waitFor('both certificates', async () => (await serials()).every(isNew));
	});

	it('shows the certificate in force, how handshakes ended, and who was refused', async () => {
		expect(await run(/certs$/)).toMatch(/^exit 0\n{[\s\S]*"id": "spiffe:\/\/mesh.local\/ns\/shop\/sa\/web"/);
		expect(await run(/grep tls_handshakes_total$/)).toMatch(/{side="inbound",result="no_certificate"} 1\n/);
		const ofOrders = await run(/grep -e tls_handshakes_total/);
		expect(ofOrders).toMatch(/{side="inbound",result="plaintext"} 1\n/);
		expect(ofOrders).toMatch(/denied_total{side="inbound",route="\/",dry_run="false"} 1\n/);
	});

	it('tells it in the logs', async () => {
		const logs = await run(/^grep/);
		expect(logs).toMatch(/web.log:.*"certificate renewed"/);
		expect(logs).toMatch(/orders.log:.*"certificate renewed"/);
		expect(logs).toMatch(/web.log:.*"no_certificate".*"a connection was refused"/);
		expect(logs).toMatch(/orders.log:.*"not_authorized".*"principal":"spiffe:\/\/mesh.local\/ns\/shop\/sa\/visitor"/);
	});

	it('prints nothing else to try', () => {
		expect(untried).toEqual([]);
	});

	it('stops on a signal with everything that it has started, and removes the keys', async () => {
		demo.signal('SIGTERM');
		expect(await demo.ended()).toBe(0);
		expect(existsSync(folder)).toBe(false);
		expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true));
	});
});

/** Of the certificates in force. */
function serials(): Promise<string[]> {
	const admins = PORT_NAMES.flatMap((name, i) => (name.endsWith('ADMIN_PORT') ? [ports[i]] : []));
	return Promise.all(
		admins.map(async (port) => {
			const shown = (await (await fetch(`http://127.0.0.1:${port}/certs`)).json()) as { workload: { serial: string } };
			return shown.workload.serial;
		}),
	);
}
