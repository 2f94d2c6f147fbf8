/** Processes that a scenario starts: each is ended with it, whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEADLINE_MS, waitFor, within } from './wait.ts';

const alive = new Set<ChildProcess>();
process.once('exit', () => {
	for (const child of alive) child.kill('SIGKILL');
});

/** A cold start on a machine that is busy with something else. */
const START_DEADLINE_MS = 20_000;

/** A child process whose standard error and output are kept, and whose end can be awaited. */
export class Child {
	readonly process: ChildProcess;
	/** `performance.now()` just before it was started. */
	readonly startedAt = performance.now();
	output = '';
	/** Exit code, or the name of the signal that ended it. */
	readonly exited: Promise<number | string>;
	hasExited = false;

	constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
		this.process = child;
		alive.add(child);
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on('data', (text: Buffer) => {
				this.output += text.toString();
			});
		}
		this.exited = new Promise((resolve) => {
			child.once('error', (error) => {
				this.output += String(error);
				this.hasExited = true;
				resolve('not started');
			});
			child.once('exit', (code, signal) => {
				this.hasExited = true;
				alive.delete(child);
				resolve(code ?? signal ?? '');
			});
		});
	}

	get pid(): number {
		return this.process.pid ?? 0;
	}

	/** Waits for words in what it prints; the match's groups. */
	async printed(pattern: RegExp): Promise<string[]> {
		let match: RegExpExecArray | null = null;
		await waitFor(
			`${pattern} from a child process`,
			() => {
				match = pattern.exec(this.output);
				if (match === null && this.hasExited) throw new Error(`it ended before it printed ${pattern}:\n${this.output}`);
				return match !== null;
			},
			START_DEADLINE_MS,
		);
		return (match as RegExpExecArray | null)?.slice(1) ?? [];
	}

	signal(signal: NodeJS.Signals): void {
		if (!this.hasExited) this.process.kill(signal);
	}

	async kill(): Promise<void> {
		this.signal('SIGKILL');
		await within('the end of a child process', this.exited, DEADLINE_MS);
	}

	/** Resident memory in MB (10^6 bytes). */
	rssMb(): number {
		const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
		return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
	}
}

/** An app of `apps/`, listening. `port` 0: any. */
export async function startApp(
	name: string,
	port: number,
	settings: Record<string, unknown> = {},
): Promise<Child & { port: number; listeningAt: number }> {
	const file = join(import.meta.dirname, 'apps', `${name}.ts`);
	const child = new Child(process.execPath, [file, String(port), JSON.stringify(settings)]);
	const [bound, at] = await child.printed(/listening (\d+) at (\S+)/);
	return Object.assign(child, { port: Number(bound), listeningAt: Number(at) - performance.timeOrigin });
}
