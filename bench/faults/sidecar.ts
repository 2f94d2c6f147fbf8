/** The sidecar under test as a process of its own, on ports that the system chooses. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCE_MAIN } from './build.ts';
import { Child } from './child.ts';
import { waitFor, within } from './wait.ts';

export interface SidecarOptions {
	/** Compiled entry; the sources when it is not given. */
	readonly main?: string | undefined;
	readonly appPort: number;
	/** Top-level blocks of the route file beyond the ports; they replace what stands in `BASE`. */
	readonly blocks?: Record<string, unknown>;
	/** What comes after `--`. */
	readonly command?: readonly string[];
	/** Default: until `/ready` says so. */
	readonly until?: 'ready' | 'bound';
	/** For Node.js, before the entry. */
	readonly nodeOptions?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

const ROUTE_FILE = 'routes.yaml';
const STALL_FILE = 'stalls.txt';
const HEAP_FILE = 'heap.txt';

const BASE = {
	inbound: { listen: '127.0.0.1:0' },
	admin: { listen: '127.0.0.1:0' },
	telemetry: { accessLog: { when: 'off' } },
	shutdown: { drain: '10s', propagation: '0s' },
};

/** `/services`, as far as scenarios look at it. */
export interface ServiceView {
	readonly circuit: string;
	readonly requests: { readonly active: number };
	readonly retries: { readonly active: number };
	readonly connections: { readonly active: number; readonly idle: number; readonly pending: number };
}

/** What `bin/outrigger` tells Node; that itself would choose the build. */
const LAUNCHER = readFileSync(join(import.meta.dirname, '../../bin/outrigger'), 'utf8');
const LAUNCH = inLauncher(/^exec "\$node" (.+) "\$main" /m).split(' ');
const ARENAS = { MALLOC_ARENA_MAX: inLauncher(/\bMALLOC_ARENA_MAX=(\d+)/) };

export class Sidecar extends Child {
	port = 0;
	adminPort = 0;
	/** 0 without an outbound listener. */
	outboundPort = 0;
	private readonly folder: string;

	private constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
		super(process.execPath, args, {
			...ARENAS,
			...env,
			STALL_PROBE_FILE: join(folder, STALL_FILE),
			HEAP_PROBE_FILE: join(folder, HEAP_FILE),
		});
		this.folder = folder;
	}

	/** The route file. */
	get file(): string {
		return join(this.folder, ROUTE_FILE);
	}

	/** Where `stall-probe.ts` writes, when it is preloaded. */
	get stallFile(): string {
		return join(this.folder, STALL_FILE);
	}

	/** Live bytes of its heap in MB, when `heap-probe.ts` is preloaded. */
	async liveHeapMb(): Promise<number> {
		const file = join(this.folder, HEAP_FILE);
		const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
		const before = lines().length;
		this.signal('SIGUSR2');
		await waitFor('the size of the heap', () => lines().length > before);
		return Number(lines().at(-1)) / 1e6;
	}

	/** The text of a route file with other blocks. */
	textWith(appPort: number, blocks: Record<string, unknown>): string {
		return JSON.stringify({ ...BASE, app: { port: appPort }, ...blocks });
	}

	static async start(options: SidecarOptions): Promise<Sidecar> {
		const { main = SOURCE_MAIN, appPort, blocks, command = [], nodeOptions = [], env = {} } = options;
		const folder = mkdtempSync(join(tmpdir(), 'outrigger-fault-'));
		const file = join(folder, ROUTE_FILE);
		writeFileSync(file, JSON.stringify({ ...BASE, app: { port: appPort }, ...blocks }));
		const words = ['run', file, ...(command.length > 0 ? ['--', ...command] : [])];
		const args = [...LAUNCH, ...nodeOptions, main, ...words];
		const sidecar = new Sidecar(folder, args, env);
		const ports = /inbound :(\d+), admin http:\/\/[^\s,]+:(\d+)(?:.*, outbound \S+:(\d+))?.*\n/;
		const [inbound, admin, outbound] = await sidecar.printed(ports);
		sidecar.port = Number(inbound);
		sidecar.adminPort = Number(admin);
		sidecar.outboundPort = Number(outbound ?? 0);
		if (options.until !== 'bound') await sidecar.waitUntilReady();
		return sidecar;
	}

	async waitUntilReady(): Promise<void> {
		await waitFor('a sidecar that is ready', async () => (await this.adminGet('/ready')).status === 200);
	}

	/** One request on a connection of its own. Status 0: nobody answered. */
	adminGet(path: string): Promise<{ status: number; body: string }> {
		return getOnce(this.adminPort, path);
	}

	/** One request to the inbound port on a connection of its own. */
	get(path: string): Promise<Response> {
		return fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { connection: 'close' } });
	}

	async service(): Promise<ServiceView> {
		const { body } = await this.adminGet('/services');
		return (JSON.parse(body) as { app: ServiceView }).app;
	}

	/** Sum of a metric's series that carry all these labels. */
	async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
		const { body } = await this.adminGet('/metrics');
		let sum = 0;
		for (const line of body.split('\n')) {
			if (!line.startsWith(name) || !'{ '.includes(line.charAt(name.length))) continue;
			const isWanted = Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`));
			if (isWanted) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
		}
		return sum;
	}

	/** Ends it, if it has not ended, and takes its folder away. */
	async stop(): Promise<void> {
		this.signal('SIGTERM');
		await within('the end of the sidecar', this.exited);
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** GET, or POST where there is a body, on a fresh connection, read to its end. */
export function getOnce(port: number, path: string, json: unknown = null): Promise<{ status: number; body: string }> {
	const text = json === null ? '' : JSON.stringify(json);
	const start = json === null ? `GET ${path}` : `POST ${path}`;
	const length = json === null ? '' : `content-length: ${text.length}\r\n`;
	return new Promise((resolve) => {
		const chunks: Buffer[] = [];
		const socket = connect({ port, host: '127.0.0.1' });
		socket.on('data', (chunk: Buffer) => chunks.push(chunk));
		socket.on('error', () => {});
		socket.on('close', () => {
			const text = Buffer.concat(chunks).toString('latin1');
			const head = text.slice(0, text.indexOf('\r\n\r\n'));
			const body = text.slice(head.length + 4);
			const isChunked = /^transfer-encoding: chunked/im.test(head);
			resolve({ status: Number(text.slice(9, 12)) || 0, body: isChunked ? unchunk(body) : body });
		});
		socket.write(`${start} HTTP/1.1\r\nhost: localhost\r\n${length}connection: close\r\n\r\n${text}`);
	});
}

function unchunk(text: string): string {
	const pieces: string[] = [];
	for (let at = 0; at < text.length; ) {
		const lineEnd = text.indexOf('\r\n', at);
		const size = Number.parseInt(text.slice(at, lineEnd), 16);
		if (!(size > 0)) break;
		pieces.push(text.slice(lineEnd + 2, lineEnd + 2 + size));
		at = lineEnd + 2 + size + 2;
	}
	return pieces.join('');
}

function inLauncher(pattern: RegExp): string {
	const found = pattern.exec(LAUNCHER)?.[1];
	if (found === undefined) throw new Error(`bin/outrigger does not start Node as it did: nothing matches ${pattern}`);
	return found;
}
