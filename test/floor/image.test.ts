import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The Dockerfile, read: no container engine is needed to see that its paths exist and its health check works. */

const ROOT = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const instructions = text
	.replace(/^#.*\n/gm, '')
	.replace(/\\\n/g, ' ')
	.split('\n')
	.filter((line) => line.trim() !== '');
const values = (name: string): string[] =>
	instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length).trim());

/** The health check's command line, with the image's folder replaced by this checkout. */
function healthCommand(): string[] {
	const json = /CMD (\[.*\])$/.exec(values('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]';
	return (JSON.parse(json) as string[]).map((word) => word.replaceAll('/opt/outrigger', ROOT));
}

async function healthOf(status: number): Promise<number | null> {
	const server = createServer((request, response) => {
		response.statusCode = request.url === '/ready' ? status : 404;
		response.end();
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ready`;
	const [program = '', ...args] = healthCommand();
	const child = spawn(program, args, { env: { ...process.env, OUTRIGGER_READY_URL: url }, stdio: 'ignore' });
	const [code] = (await once(child, 'exit')) as [number | null];
	server.close();
	return code;
}

describe('the image', () => {
	it('copies only what the checkout or the build has', () => {
		const built = ['/build/dist', '/build/node_modules'];
		for (const line of values('COPY')) {
			const words = line.split(/\s+/).filter((word) => !word.startsWith('--'));
			for (const source of words.slice(0, -1)) {
				if (!built.includes(source))
					expect([source, existsSync(join(ROOT, source.replace('/build/', '')))]).toEqual([source, true]);
			}
		}
	});

	it('lets into the build context all that the build needs', () => {
		const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
		const needed = [
			'bin',
			'src',
			'package.json',
			'package-lock.json',
			'.npmrc',
			'tsconfig.json',
			'tsconfig.build.json',
			'scripts/node.sh',
			'scripts/build.sh',
			'scripts/bundle.ts',
			'LICENSE',
		];
		for (const path of needed) expect(ignore).toContain(`!${path}`);
	});

	it('runs as a numeric user that is not root, and stops by SIGTERM', () => {
		expect(values('USER').at(-1)).toBe('1337:1337');
		expect(values('STOPSIGNAL')).toEqual(['SIGTERM']);
	});

	it('starts the launcher itself, so that signals reach the sidecar', () => {
		expect(values('ENTRYPOINT')).toEqual(['["/opt/outrigger/bin/outrigger"]']);
	});

	it.each([
		[200, 0],
		[503, 1],
	])('is healthy or not as /ready says: %i gives %i', async (status, code) => {
		expect(await healthOf(status)).toBe(code);
	});
});
