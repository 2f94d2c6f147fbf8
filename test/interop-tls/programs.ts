/** The programs of others, as this machine has them, and servers among them that run for a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy, HOW_TO_GET_ENVOY } from '../../bench/load/envoy.ts';
import { which } from '../../bench/load/machine.ts';
import { Program, START_DEADLINE_MS } from '../e2e/program.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

const DEBIAN_PACKAGES = {
	curl: 'curl',
	haproxy: 'haproxy',
	nginx: 'nginx-light',
	openssl: 'openssl',
	sslscan: 'sslscan',
	testssl: 'testssl.sh',
} as const;
export type ProgramName = keyof typeof DEBIAN_PACKAGES | 'envoy';

export interface Found {
	/** Path. */
	readonly command: string;
	/** Why it is not here, for the name of what is skipped; `''`: it is. */
	readonly missing: string;
}

export function find(name: ProgramName): Found {
	const command = name === 'envoy' ? findEnvoy() : which(name);
	if (command !== null) return { command, missing: '' };
	const howToGet = name === 'envoy' ? HOW_TO_GET_ENVOY : `apt-get install ${DEBIAN_PACKAGES[name]}`;
	return { command: '', missing: ` (left out: ${name} is not here: ${howToGet})` };
}

export function freePorts<Name extends string>(...names: readonly Name[]): Promise<Record<Name, number>> {
	const all = names.map(async (name) => [name, await freePort()] as const);
	return Promise.all(all).then((ports) => Object.fromEntries(ports) as Record<Name, number>);
}

/** A server of somebody else's, with a folder for its files. */
export class PeerServer {
	readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-interop-'));
	private program: Program | null = null;

	/** Path of a file with this text. */
	write(name: string, text: string): string {
		const file = join(this.folder, name);
		writeFileSync(file, text, { mode: 0o600 });
		return file;
	}

	/** Until all of its ports accept. */
	async start(command: string, args: readonly string[], ports: readonly number[]): Promise<void> {
		const program = new Program(command, args, { cwd: this.folder });
		this.program = program;
		for (const port of ports) {
			const what = `${command} on port ${port}`;
			await waitFor(what, () => this.accepts(port), START_DEADLINE_MS).catch((error: Error) => {
				throw new Error(`${error.message}\n${program.printed}`, { cause: error });
			});
		}
	}

	/** Orderly: the workers of nginx would outlive a master that is killed. */
	async stop(): Promise<void> {
		const { program } = this;
		if (program !== null && !program.hasExited) {
			program.signal('SIGTERM');
			await program.ended().catch(() => program.stop());
		}
		rmSync(this.folder, { recursive: true, force: true });
	}

	private accepts(port: number): Promise<boolean> {
		if (this.program?.hasExited === true) throw new Error('it has ended');
		return new Promise((resolve) => {
			const socket = connect({ port, host: '127.0.0.1' });
			socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
			socket.once('connect', () => socket.destroy());
		});
	}
}
