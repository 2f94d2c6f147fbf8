/** The servers behind the proxies: nginx `return 200` for HTTP (node:http when nginx is missing), and a WebSocket echo. */
import { truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, firstSuccess, freePort, LOOPBACK } from './endpoint.ts';
import { which } from './machine.ts';
import { nginxConf } from './nginx-conf.ts';
import { type Running, start } from './process-tree.ts';

export interface Origin {
	readonly port: number;
	readonly kind: string;
	readonly process: Running;
}

const BIG_BODY_BYTES = 64 * 1024 * 1024;
const START_MS = 5000;
const NODE_ORIGIN = join(import.meta.dirname, 'node-origin.ts');

/** A body of exactly this many bytes, the newline included. */
export function textBody(bytes: number): string {
	return `${'outrigger benchmark body '.repeat(Math.ceil(bytes / 25)).slice(0, bytes - 1)}\n`;
}

export async function startHttpOrigin(folder: string, core: number | null): Promise<Origin> {
	const nginx = which('nginx');
	if (nginx === null) return { ...(await startNode(folder, core)), kind: 'node:http (nginx is missing)' };
	const port = await freePort();
	await mkdir(folder, { recursive: true });
	const file = join(folder, 'origin.conf');
	writeFileSync(file, nginxConf(folder, originServer(port, folder)));
	const process = start(core, {
		command: nginx,
		args: ['-p', folder, '-c', file],
		logFile: join(folder, 'origin.log'),
	});
	await waitFor(port, process);
	return { port, kind: 'nginx', process };
}

function originServer(port: number, folder: string): string {
	const big = join(folder, '64m');
	writeFileSync(big, '');
	truncateSync(big, BIG_BODY_BYTES);
	const quoted = (bytes: number) => `"${textBody(bytes).replaceAll('\n', '\\n')}"`;
	return `server {
	listen ${LOOPBACK}:${port} backlog=4096; default_type text/plain; root ${folder};
	location = /100 { return 200 ${quoted(100)}; }
	location = /1k { return 200 ${quoted(1024)}; }
	# A parameter may be 4096 bytes long at most.
	location = /10k { set $k ${quoted(1024)}; return 200 "${'$k'.repeat(10)}"; }
	location = /64m { }
}`;
}

/** Also the WebSocket echo. */
export async function startNode(folder: string, core: number | null): Promise<Origin> {
	const port = await freePort();
	await mkdir(folder, { recursive: true });
	const args = [NODE_ORIGIN, String(port)];
	const running = start(core, { command: process.execPath, args, logFile: join(folder, 'node-origin.log') });
	await waitFor(port, running);
	return { port, kind: 'node', process: running };
}

async function waitFor(port: number, running: Running): Promise<void> {
	const deadline = performance.now() + START_MS;
	const up = await firstSuccess(port, '/100', () => running.exited() || performance.now() > deadline);
	if (up === null) throw new Error(`the origin did not start on port ${port}`);
	const { bodyBytes } = await ask(port, '/10k');
	if (bodyBytes !== 10_240) throw new Error(`the origin sent ${bodyBytes} bytes instead of 10240`);
}
