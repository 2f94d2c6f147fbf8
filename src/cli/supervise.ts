/** The unchanged app as a child process: started, sent signals, waited for. Never restarted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface ChildExit {
	/** The child's own exit code, or 128 + n when signal n ended it, as shells report it. */
	readonly code: number;
	/** Why it could not be started; `''` when it ran. */
	readonly startError: string;
}

export class Supervised {
	readonly exited: Promise<ChildExit>;
	hasExited = false;
	private readonly child: ChildProcess;

	/** The child shares our standard streams, so what it prints and reads is as without us. */
	constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
		const [file = '', ...args] = command;
		this.child = spawn(file, args, { stdio: 'inherit', env });
		this.exited = new Promise((resolve) => {
			this.child.once('error', (error: NodeJS.ErrnoException) => {
				if (this.child.pid !== undefined) return;
				this.hasExited = true;
				resolve({ code: 64, startError: `cannot start ${file}: ${error.code ?? error.message}` });
			});
			this.child.once('exit', (code, signal) => {
				this.hasExited = true;
				resolve({ code: code ?? 128 + signalNumber(signal), startError: '' });
			});
		});
	}

	get pid(): number {
		return this.child.pid ?? 0;
	}

	signal(signal: NodeJS.Signals): void {
		if (!this.hasExited) this.child.kill(signal);
	}
}

export function signalNumber(signal: NodeJS.Signals | null): number {
	return signal === null ? 0 : (constants.signals[signal] ?? 0);
}
