/** A folder for certificates, the commands in it, and what openssl says of what they wrote. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInit, runIssue } from '../../../src/cli/certs-command.ts';
import { memoryIo } from '../memory-io.ts';

export const WEB = 'spiffe://mesh.local/ns/shop/sa/web';

export interface Said {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

export class CertsFolder {
	readonly path = mkdtempSync(join(tmpdir(), 'outrigger-certs-'));

	remove(): void {
		rmSync(this.path, { recursive: true, force: true });
	}

	async init(options: Partial<Parameters<typeof runInit>[0]> = {}, now?: Date): Promise<Said> {
		const io = memoryIo({});
		const code = await runInit({ dir: this.path, ...options }, io, now);
		return { code, ...io.said };
	}

	async issue(options: Partial<Parameters<typeof runIssue>[0]> = {}, now?: Date): Promise<Said> {
		const io = memoryIo({});
		const code = await runIssue({ dir: this.path, id: WEB, ...options }, io, now);
		return { code, ...io.said };
	}

	file(name: string): string {
		return join(this.path, name);
	}

	read(name: string): string {
		return readFileSync(this.file(name), 'utf8');
	}

	write(name: string, text: string): void {
		writeFileSync(this.file(name), text);
	}

	/** Permission bits. */
	mode(name: string): number {
		return statSync(this.file(name)).mode & 0o777;
	}

	/** What openssl prints; it runs in the folder. */
	openssl(...args: string[]): string {
		const { stdout, stderr } = spawnSync('openssl', args, { cwd: this.path, encoding: 'utf8' });
		return stdout + stderr;
	}

	/** `OK`, or why openssl does not believe the leaf. */
	verified(file: string, purpose: 'sslserver' | 'sslclient', ...more: string[]): string {
		const said = this.openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', ...more, file);
		return said.includes(`${file}: OK`) ? 'OK' : said;
	}
}
