/**
 * Finds private keys in what a program says: not their files' text alone, but the secret numbers in any form that a dump,
 * a quoted line or an escaped string may give them, and parts of those.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';

/** Of a text: 64 bits of a secret in hex, 96 in base64. Shorter ones would be found where nothing is. */
const WINDOW = 16;
/** The members of a JWK that are secret (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;
/** Of an encrypted key: what says how it is encrypted is no secret, and about so long in base64. */
const ENCRYPTION_HEADER = 200;

export class KeySearch {
	/** Part of a key → whose. */
	private readonly parts = new Map<string, string>();

	constructor(keys: Readonly<Record<string, string>> = {}) {
		for (const [name, pem] of Object.entries(keys)) this.add(name, pem);
	}

	/** `pem`: not encrypted. */
	add(name: string, pem: string): void {
		const key = createPrivateKey(pem);
		for (const secret of secretsOf(key)) this.addBytes(name, secret);
		// A file in base64, as in a Secret of Kubernetes.
		for (const text of [pem, key.export({ type: 'pkcs8', format: 'pem' }).toString()]) {
			this.addBytes(name, Buffer.from(secretLines(text)));
		}
	}

	/** What is no key by itself: one that is encrypted, or its passphrase. */
	addText(name: string, text: string): void {
		if (text.length < WINDOW) throw new Error(`too short to be told from others: ${name}`);
		this.addWindows(name, text);
	}

	addEncrypted(name: string, pem: string): void {
		this.addText(name, bodyOf(pem).slice(ENCRYPTION_HEADER));
	}

	/** Which keys are in a text: `''` when there is none. */
	leak(text: string): string {
		for (const form of [text, joined(text)]) {
			for (let at = 0; at + WINDOW <= form.length; at++) {
				const name = this.parts.get(form.slice(at, at + WINDOW));
				if (name !== undefined) return `${name}, by ${form.slice(Math.max(0, at - 80), at + WINDOW)}`;
			}
		}
		return '';
	}

	private addBytes(name: string, secret: Buffer): void {
		const hex = secret.toString('hex');
		this.addWindows(name, hex);
		this.addWindows(name, hex.toUpperCase());
		// As OpenSSL and `Buffer` print bytes.
		for (const separator of [':', ' ']) this.addWindows(name, hex.replace(/(..)(?=.)/g, `$1${separator}`));
		for (const separator of [',', ', ']) this.addWindows(name, [...secret].join(separator));
		this.addWindows(name, secret.toString('latin1'));
		// In base64 the same bytes look different by where they begin in a group of three.
		for (const before of [0, 1, 2]) {
			const text = Buffer.concat([Buffer.alloc(before), secret])
				.toString('base64')
				.replaceAll('=', '')
				.slice(0, -1);
			this.addWindows(name, text.slice(before === 0 ? 0 : before + 1));
			this.addWindows(
				name,
				text
					.slice(before === 0 ? 0 : before + 1)
					.replaceAll('+', '-')
					.replaceAll('/', '_'),
			);
		}
	}

	private addWindows(name: string, text: string): void {
		for (let at = 0; at + WINDOW <= text.length; at++) this.parts.set(text.slice(at, at + WINDOW), name);
	}
}

function secretsOf(key: KeyObject): Buffer[] {
	const jwk = key.export({ format: 'jwk' });
	return SECRET_MEMBERS.flatMap((member) => {
		const { [member]: value } = jwk;
		return typeof value === 'string' ? [Buffer.from(value, 'base64url')] : [];
	});
}

/** Lines of a PEM with nothing in them that is in other files as well: neither the algorithm nor the public key. */
function secretLines(pem: string): string {
	const key = createPrivateKey(pem);
	const body = bodyOf(pem);
	const [secret] = secretsOf(key);
	if (secret === undefined) throw new Error('a key without a secret');
	const at = Buffer.from(body, 'base64').indexOf(secret);
	const from = Math.ceil((at * 4) / 3) + 1;
	const until = Math.floor(((at + secret.length) * 4) / 3) - 1;
	// The same characters with the line ends that are among them.
	const lines = body.match(/.{1,64}/g)?.join('\n') ?? '';
	const withEnds = (index: number): number => index + Math.floor(index / 64);
	return lines.slice(withEnds(from), withEnds(until));
}

function bodyOf(pem: string): string {
	return pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');
}

/** Without line ends and what stands for them. */
function joined(text: string): string {
	return text.replace(/\\[nrt]|[\s"'\\]/g, '');
}
