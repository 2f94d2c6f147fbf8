/** What the kernel carries over loopback, searched for a secret: with tcpdump, where there is one and it may. */
import { type ChildProcess, spawn } from 'node:child_process';
import { SecretSearch } from './secret-search.ts';

export class PacketCapture {
	bytes = 0;
	private readonly child: ChildProcess;
	private readonly search: SecretSearch;
	private readonly ended: Promise<void>;

	private constructor(child: ChildProcess, secret: string) {
		this.child = child;
		this.ended = new Promise((resolve) => {
			child.once('close', () => resolve());
		});
		this.search = new SecretSearch(secret);
		child.stdout?.on('data', (chunk: Buffer) => {
			this.bytes += chunk.length;
			this.search.add(chunk);
		});
	}

	/** Times that the secret could be read. */
	get secrets(): number {
		return this.search.count;
	}

	/** Of TCP connections to and from these ports. `null`: nobody here can. */
	static start(ports: readonly number[], secret: string): Promise<PacketCapture | null> {
		const filter = ports.map((port) => `tcp port ${port}`).join(' or ');
		// Unbuffered and whole, in its own format, to us alone: no file grows.
		const args = ['-i', 'lo', '-U', '-s', '0', '-w', '-', filter];
		const child = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'] });
		const capture = new PacketCapture(child, secret);
		return new Promise((resolve) => {
			child.once('error', () => resolve(null));
			child.once('exit', () => resolve(null));
			child.stderr?.on('data', (text: Buffer) => {
				if (text.includes('listening on')) resolve(capture);
			});
		});
	}

	async stop(): Promise<void> {
		this.child.kill('SIGINT');
		await this.ended;
	}
}
