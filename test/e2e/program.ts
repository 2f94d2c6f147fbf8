/** A program as a child process: what it prints, how it ends. Each test runs the ones it names and stops them by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { waitFor, within } from '../support/wait-for.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const OUTRIGGER = join(ROOT, 'bin/outrigger');
/** A cold start on a busy machine. */
export const START_DEADLINE_MS = 15_000;

export interface ProgramOptions {
	readonly cwd?: string;
	readonly env?: Record<string, string>;
	/** What stands on its standard input, which then ends; without it there is none. */
	readonly stdin?: string | Buffer;
}

export class Program {
	stdout = '';
	stderr = '';
	/** Exit code, or the name of the signal that ended it. All output has been read by then. */
	readonly exited: Promise<number | string>;
	hasExited = false;
	readonly child: ChildProcess;

	constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
		const { cwd, env, stdin } = options;
		this.child = spawn(command, args, {
			...(cwd === undefined ? {} : { cwd }),
			env: { ...process.env, ...env },
			stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
		});
		this.child.stdout?.setEncoding('latin1').on('data', (text) => {
			this.stdout += text;
		});
		this.child.stderr?.setEncoding('latin1').on('data', (text) => {
			this.stderr += text;
		});
		this.child.stdin?.on('error', () => undefined).end(stdin);
		this.exited = new Promise((resolve, reject) => {
			this.child.once('error', reject);
			this.child.once('close', (code, signal) => {
				this.hasExited = true;
				resolve(code ?? signal ?? '');
			});
		});
	}

	get pid(): number {
		return this.child.pid ?? 0;
	}

	signal(name: NodeJS.Signals): void {
		this.child.kill(name);
	}

	/** Both outputs, for the message of a failed test. */
	get printed(): string {
		return `${this.stdout}\n${this.stderr}`;
	}

	async untilPrinted(pattern: RegExp, deadlineMs = START_DEADLINE_MS): Promise<RegExpExecArray> {
		let match: RegExpExecArray | null = null;
		await waitFor(
			`${pattern} from ${this.child.spawnargs.join(' ')}`,
			() => {
				match = pattern.exec(this.printed);
				if (match === null && this.hasExited) throw new Error(`it ended before ${pattern}:\n${this.printed}`);
				return match !== null;
			},
			deadlineMs,
		);
		return match as unknown as RegExpExecArray;
	}

	/** Waits for its own end; the exit code or signal. */
	ended(deadlineMs = START_DEADLINE_MS): Promise<number | string> {
		return within(`the end of ${this.child.spawnargs.join(' ')}; printed ${this.printed}`, this.exited, deadlineMs);
	}

	/** Ends it at once if it is still there. */
	async stop(): Promise<void> {
		if (!this.hasExited) this.child.kill('SIGKILL');
		await this.ended();
	}
}

/** Runs a program to its end. */
export async function runToEnd(
	command: string,
	args: readonly string[],
	options: ProgramOptions = {},
): Promise<{ code: number | string; stdout: string; stderr: string }> {
	const program = new Program(command, args, options);
	const code = await program.ended();
	return { code, stdout: program.stdout, stderr: program.stderr };
}

/** True when nothing refuses to let us listen there: nobody has the port. */
export async function isFree(port: number): Promise<boolean> {
	const { createServer } = await import('node:net');
	const server = createServer();
	return new Promise((resolve) => {
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});
}
