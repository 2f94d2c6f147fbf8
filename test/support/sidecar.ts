/** A real sidecar for a test: `bin/outrigger run` in a process of its own, with a route file of the test's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { RawClient } from './raw-client.ts';
import { waitFor, within } from './wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A cold start on a busy machine. */
const START_DEADLINE_MS = 15_000;

export interface SidecarOptions {
	/** The route file. `{inbound}` and `{admin}` stand for two free ports. */
	yaml: string;
	/** Arguments after the file, such as `--` and a command. */
	args?: readonly string[];
	env?: Record<string, string>;
	/** `ready`: until `/ready` says so (default). `bound`: until the admin port answers at all. */
	until?: 'ready' | 'bound';
}

export class Sidecar {
	readonly port: number;
	readonly adminPort: number;
	readonly process: ChildProcess;
	stdout = '';
	stderr = '';
	/** Exit code, or the signal's name. */
	readonly exited: Promise<number | string>;
	private hasExited = false;
	private readonly folder: string;

	constructor(process: ChildProcess, port: number, adminPort: number, folder: string) {
		this.process = process;
		this.port = port;
		this.adminPort = adminPort;
		this.folder = folder;
		process.stdout?.on('data', (text) => {
			this.stdout += text;
		});
		process.stderr?.on('data', (text) => {
			this.stderr += text;
		});
		this.exited = new Promise((resolve) => {
			process.once('exit', (code, signal) => {
				this.hasExited = true;
				resolve(code ?? signal ?? '');
			});
		});
	}

	/** Status of `GET path` at the admin port; 0 when it does not answer. */
	async adminStatus(path: string): Promise<number> {
		return (await this.admin(path))?.status ?? 0;
	}

	/** Body of `GET path` at the admin port. */
	async adminText(path: string): Promise<string> {
		return (await this.admin(path))?.body ?? '';
	}

	connect(): Promise<RawClient> {
		return RawClient.connect(this.port);
	}

	/** Ends it at once, if it is still there, and removes its folder. */
	async stop(): Promise<void> {
		if (!this.hasExited) this.process.kill('SIGKILL');
		await within('the end of the sidecar', this.exited);
		rmSync(this.folder, { recursive: true, force: true });
	}

	async waitUntil(until: 'ready' | 'bound'): Promise<void> {
		await waitFor(
			`a sidecar that is ${until}`,
			async () => {
				if (this.hasExited) throw new Error(`the sidecar ended with ${await this.exited}:\n${this.stderr}`);
				const status = await this.adminStatus('/ready');
				return until === 'bound' ? status !== 0 : status === 200;
			},
			START_DEADLINE_MS,
		).catch((error: Error) => {
			throw new Error(`${error.message}\n${this.stderr}`, { cause: error });
		});
	}

	private async admin(path: string): Promise<{ status: number; body: string } | null> {
		try {
			const response = await fetch(`http://127.0.0.1:${this.adminPort}${path}`);
			return { status: response.status, body: await response.text() };
		} catch {
			return null;
		}
	}
}

export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
	const [port, adminPort] = await Promise.all([freePort(), freePort()]);
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-test-'));
	const file = join(folder, 'routes.yaml');
	writeFileSync(file, options.yaml.replaceAll('{inbound}', String(port)).replaceAll('{admin}', String(adminPort)));
	const child = spawn(join(ROOT, 'bin/outrigger'), ['run', file, ...(options.args ?? [])], {
		cwd: folder,
		env: { ...process.env, ...options.env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const sidecar = new Sidecar(child, port, adminPort, folder);
	try {
		await sidecar.waitUntil(options.until ?? 'ready');
	} catch (error) {
		await sidecar.stop();
		throw error;
	}
	return sidecar;
}

/** The smallest route file towards an app on a port, with an admin port of its own. */
export function minimalYaml(appPort: number, more = ''): string {
	return `app: { port: ${appPort} }\ninbound: { listen: 127.0.0.1:{inbound} }\nadmin: { listen: 127.0.0.1:{admin} }\n${more}`;
}
