/** An app that nobody here wrote, three times the same: alone, behind a plain `run`, and started by `run -- COMMAND`. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { Front } from './front.ts';
import { Program, START_DEADLINE_MS } from './program.ts';

export interface RealApp {
	readonly name: string;
	/** Its command line, given the port to listen on. It starts in a folder of its own. */
	command(port: number): readonly string[];
	/** Fills the folder. */
	prepare?(folder: string): void;
	/** It writes to its folder, so each instance has its own; else all three stand in the same. */
	readonly ownFolder?: true;
}

export class Trio {
	readonly alone: { readonly port: number; readonly program: Program };
	readonly plain: Front;
	readonly supervised: Front;
	/** The apps that a sidecar did not start: alone, and behind the plain one. */
	readonly programs: readonly Program[];
	private readonly root: string;

	private constructor(root: string, programs: readonly Program[], ports: readonly number[], fronts: readonly Front[]) {
		this.root = root;
		this.programs = programs;
		this.alone = { port: ports[0] as number, program: programs[0] as Program };
		[this.plain, this.supervised] = fronts as [Front, Front];
	}

	static async start(app: RealApp, routes: object = {}): Promise<Trio> {
		const root = mkdtempSync(join(tmpdir(), 'outrigger-app-'));
		chmodSync(root, 0o755);
		const shared = app.ownFolder === true ? '' : folderFor(app, join(root, 'shared'));
		const folders = ['alone', 'plain', 'supervised'].map((name) => shared || folderFor(app, join(root, name)));
		const ports = await Promise.all(folders.map(() => freePort()));
		const programs = [0, 1].map((index) => {
			const [command = '', ...args] = app.command(ports[index] as number);
			return new Program(command, args, { cwd: folders[index] as string });
		});
		const fronts = await Promise.all([
			Front.start({ app: { port: ports[1] }, ...routes }),
			Front.start(
				{ app: { port: ports[2] }, ...routes },
				{ command: app.command(ports[2] as number), cwd: folders[2] as string },
			),
			untilListening(ports[0] as number),
		]);
		return new Trio(root, programs, ports, fronts.slice(0, 2) as Front[]);
	}

	async stop(): Promise<void> {
		await Promise.all([this.plain.stop(), this.supervised.stop(), ...this.programs.map((program) => program.stop())]);
		rmSync(this.root, { recursive: true, force: true });
	}

	/** The same bytes to each of the three, on a connection of its own; the answers in the order alone, plain, supervised. */
	async ask(bytes: string, method: string): Promise<[WireMessage, WireMessage, WireMessage]> {
		const ports = [this.alone.port, this.plain.port, this.supervised.port];
		const answers = await Promise.all(ports.map((port) => askOnce(port, bytes, method)));
		return answers as [WireMessage, WireMessage, WireMessage];
	}
}

export async function askOnce(port: number, bytes: string, method: string): Promise<WireMessage> {
	const client = await RawClient.connect(port);
	try {
		await client.send(bytes);
		return await client.readResponse(method);
	} finally {
		client.close();
	}
}

/** A request as a client would write it. */
export function request(line: string, fields: readonly string[] = [], body = '', version = '1.1'): string {
	const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
	return `${[`${line} HTTP/${version}`, 'Host: app.test', ...fields, ...length].join('\r\n')}\r\n\r\n${body}`;
}

export async function untilListening(port: number): Promise<void> {
	await waitFor(
		`somebody on port ${port}`,
		() =>
			RawClient.connect(port).then(
				(client) => {
					client.close();
					return true;
				},
				() => false,
			),
		START_DEADLINE_MS,
	);
}

function folderFor(app: RealApp, folder: string): string {
	mkdirSync(folder);
	chmodSync(folder, 0o755);
	app.prepare?.(folder);
	return folder;
}

/** A small site of static files. */
export function writeSite(folder: string): void {
	mkdirSync(join(folder, 'sub'));
	writeFileSync(join(folder, 'index.html'), '<h1>Hello</h1>\n');
	writeFileSync(join(folder, 'sub', 'a file.txt'), 'text\n');
	writeFileSync(join(folder, 'empty.txt'), '');
	writeFileSync(join(folder, 'big.bin'), Buffer.alloc(3_000_000, 'abcdefgh'));
}
