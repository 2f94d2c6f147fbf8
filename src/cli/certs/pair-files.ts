/**
 * A certificate and its key as two files that a running sidecar may read at any moment. Each is replaced whole, by a rename;
 * whoever reads between the two renames finds a certificate and a key that do not match, and reads again.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { systemCode, systemFault } from './certs-error.ts';

const CERTIFICATE_MODE = 0o644;
const KEY_MODE = 0o600;
/** What a key is asked for that others could read. */
const OTHERS = 0o077;

export class PairFiles {
	/** Paths. */
	readonly certificate: string;
	readonly key: string;

	constructor(folder: string, name: string) {
		this.certificate = path.join(folder, `${name}.pem`);
		this.key = path.join(folder, `${name}.key`);
	}

	createCertificate(text: string): Promise<boolean> {
		return create(this.certificate, text, CERTIFICATE_MODE);
	}

	createKey(text: string): Promise<boolean> {
		return create(this.key, text, KEY_MODE);
	}

	async replace(certificate: string, key: string): Promise<void> {
		await replace(this.certificate, certificate, CERTIFICATE_MODE);
		await replace(this.key, key, KEY_MODE);
	}

	/** `null`: there is none. */
	readCertificate(): Promise<string | null> {
		return read(this.certificate);
	}

	readKey(): Promise<string | null> {
		return read(this.key);
	}

	/** Whether what stands there now belongs together. */
	async match(): Promise<boolean> {
		const [certificate, key] = [await this.readCertificate(), await this.readKey()];
		if (certificate === null || key === null) return false;
		try {
			return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
		} catch {
			return false;
		}
	}

	/** Permission bits by which others than its owner reach the key; 0: none do. */
	async exposure(): Promise<number> {
		return (await stat(this.key)).mode & OTHERS;
	}
}

async function read(file: string): Promise<string | null> {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if (systemCode(error) === 'ENOENT') return null;
		throw systemFault(file, error);
	}
}

/** False: there is one already, which stays. Of several that try at once, one succeeds. */
async function create(file: string, text: string, mode: number): Promise<boolean> {
	const written = await writeBeside(file, text, mode);
	try {
		await link(written, file);
		return true;
	} catch (error) {
		if (systemCode(error) === 'EEXIST') return false;
		throw systemFault(file, error);
	} finally {
		await unlink(written);
	}
}

async function replace(file: string, text: string, mode: number): Promise<void> {
	const written = await writeBeside(file, text, mode);
	try {
		await rename(written, file);
	} catch (error) {
		await unlink(written);
		throw systemFault(file, error);
	}
}

/** The path of a new file in the same folder, which has that mode from its first moment on. */
async function writeBeside(file: string, text: string, mode: number): Promise<string> {
	const name = `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`;
	const beside = path.join(path.dirname(file), name);
	let handle: FileHandle;
	try {
		handle = await open(beside, 'wx', mode);
	} catch (error) {
		throw systemFault(file, error);
	}
	try {
		await keepOwner(handle, file);
		await handle.writeFile(text);
		await handle.sync();
	} catch (error) {
		await unlink(beside);
		throw systemFault(file, error);
	} finally {
		await handle.close();
	}
	return beside;
}

/** Who renews as root what a sidecar of another user reads must not take it away from that user. */
async function keepOwner(handle: FileHandle, file: string): Promise<void> {
	const before = await stat(file).catch(() => null);
	if (before === null || process.getuid?.() !== 0) return;
	await handle.chown(before.uid, before.gid);
}
