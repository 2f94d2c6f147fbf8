/** `bin/outrigger run` in front of a real app: on ports that the system chose, in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import { OUTRIGGER, Program, type ProgramOptions, START_DEADLINE_MS } from './program.ts';

const ANNOUNCED =
	/inbound :(\d+), admin http:\/\/127\.0\.0\.1:(\d+)(?:, probes :(\d+))?(?:, outbound 127\.0\.0\.1:(\d+))?(?:, service [^\n]*)?\n/;

/** A route file's top-level blocks; what is said of `inbound` and `app` is added to the defaults of the tests. */
export interface RouteFile {
	readonly app: object;
	readonly inbound?: object;
	readonly [key: string]: unknown;
}

export interface FrontOptions extends ProgramOptions {
	/** The app's command line; without it the app is run by somebody else. */
	readonly command?: readonly string[];
	/** `ready` (default): until `/ready` is 200. `bound`: until the ports are open. */
	readonly until?: 'ready' | 'bound';
	/** It is given the folder, not the file in it. */
	readonly givesFolder?: boolean;
}

export class Front {
	readonly program: Program;
	/** Holds the route file; the app's working directory unless a test names another. */
	readonly folder: string;
	port = 0;
	adminPort = 0;
	probesPort = 0;
	outboundPort = 0;

	private constructor(routes: RouteFile, { command, givesFolder, ...options }: FrontOptions) {
		this.folder = mkdtempSync(join(tmpdir(), 'outrigger-e2e-'));
		const file = join(this.folder, 'routes.yaml');
		const { inbound, ...rest } = routes;
		const blocks = {
			inbound: { listen: '127.0.0.1:0', ...inbound },
			admin: { listen: '127.0.0.1:0' },
			shutdown: { drain: '10s', propagation: '0s' },
			...rest,
		};
		// JSON is YAML.
		writeFileSync(file, JSON.stringify(blocks, null, 2));
		const args = [
			'run',
			givesFolder === true ? this.folder : file,
			...(command === undefined ? [] : ['--', ...command]),
		];
		this.program = new Program(OUTRIGGER, args, { cwd: this.folder, ...options });
	}

	static async start(routes: RouteFile, options: FrontOptions = {}): Promise<Front> {
		const front = new Front(routes, options);
		try {
			const ports = await front.program.untilPrinted(ANNOUNCED);
			const [, port = 0, adminPort = 0, probesPort = 0, outboundPort = 0] = ports.map(Number);
			Object.assign(front, { port, adminPort, probesPort: probesPort || 0, outboundPort: outboundPort || 0 });
			if (options.until !== 'bound') await front.untilReady();
		} catch (error) {
			await front.stop();
			throw error;
		}
		return front;
	}

	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	async untilReady(): Promise<void> {
		await waitFor(
			'a ready sidecar',
			async () => {
				if (this.program.hasExited) throw new Error(`the sidecar ended:\n${this.program.printed}`);
				return (await this.status('/ready')) === 200;
			},
			START_DEADLINE_MS,
		);
	}

	/** Status of `GET path` at the admin port, or at another; 0 when nobody answers. */
	async status(path: string, port = this.adminPort): Promise<number> {
		const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
		await response?.arrayBuffer();
		return response?.status ?? 0;
	}

	async admin(path: string): Promise<string> {
		return (await fetch(`http://127.0.0.1:${this.adminPort}${path}`)).text();
	}

	/** The JSON lines of a kind on its standard output so far: `access`, `app`. */
	lines(kind: string): Record<string, unknown>[] {
		return this.program.stdout
			.split('\n')
			.filter((line) => line.includes(`"kind":"${kind}"`))
			.map((line) => JSON.parse(line) as Record<string, unknown>);
	}

	async untilLines(kind: string, count: number): Promise<Record<string, unknown>[]> {
		await waitFor(`${count} lines of kind ${kind}`, () => this.lines(kind).length >= count);
		return this.lines(kind);
	}

	/** Orderly, so that a supervised app goes as well; at once when that takes too long. */
	async stop(): Promise<void> {
		if (!this.program.hasExited) {
			this.program.signal('SIGTERM');
			await this.program.ended().catch(() => this.program.stop());
		}
		rmSync(this.folder, { recursive: true, force: true });
	}
}
