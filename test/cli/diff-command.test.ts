import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { runDiff } from '../../src/cli/diff-command.ts';
import { memoryIo } from './memory-io.ts';

const FILE = { 'a.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\n' };

let server: Server | null = null;
afterEach(() => {
	server?.close();
	server?.closeAllConnections();
	server = null;
});

/** What stands at the address of the admin port. */
async function answering(status: number, body: string): Promise<string> {
	const started = createServer((_, response) => response.writeHead(status).end(body));
	server = started;
	await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
	return `127.0.0.1:${(started.address() as AddressInfo).port}`;
}

async function diff(admin: string) {
	const io = memoryIo(FILE);
	const code = await runDiff({ file: 'a.yaml', admin }, io);
	return { code, ...io.said };
}

it('takes the address of the admin port with a scheme and without', async () => {
	const address = await answering(200, '{"hash":"abc","requests":[]}');
	for (const admin of [address, `http://${address}`, `http://${address}/`]) {
		expect(await diff(admin)).toEqual({ code: 0, stderr: '', stdout: '0 recorded requests: nothing would change\n' });
	}
});

it.each([
	['another server', 200, 'ok\n', 'that is no admin port of a sidecar of this version'],
	['another JSON', 200, 'null', 'that is no admin port of a sidecar of this version'],
	['an error', 404, '{}', 'it answers 404'],
])('says when there is %s', async (_what, status, body, reason) => {
	const address = await answering(status, body);
	const { code, stderr } = await diff(`http://${address}`);
	expect({ code, stderr }).toEqual({
		code: 1,
		stderr: `outrigger diff: http://${address} cannot be asked: ${reason}\n`,
	});
});

it('takes what is no address for a wrong usage', async () => {
	const { code, stderr } = await diff('http://:80:80');
	expect(code).toBe(64);
	expect(stderr).toContain('`http://:80:80` is no URL\n  expected the admin port, such as http://127.0.0.1:9901\n');
});
