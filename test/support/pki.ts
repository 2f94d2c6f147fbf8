/**
 * Certificates for tests, made in this process and for this run alone: a trust domain with its CA, workloads with SPIFFE ids,
 * and what must be refused (`pki/cases.ts`). Nothing here is made by what it tests.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	basicConstraints,
	type CertificateSpec,
	type Certified,
	certificate,
	dns,
	extendedKeyUsage,
	keyUsage,
	nameConstraints,
	names,
	uri,
} from './pki/certificate.ts';

export const TRUST_DOMAIN = 'mesh.local';
/** Who the catalogue of `pki/cases.ts` says it is. */
export const WEB = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/web`;

/** PEM both: the leaf and what lies between it and the root. */
export interface Identity {
	readonly certificate: string;
	readonly key: string;
}

export interface LeafOptions {
	readonly dns?: readonly string[];
	/** Milliseconds from now. */
	readonly from?: number;
	readonly until?: number;
}

/** Paths, as a route file's `tls` wants them. */
export interface IdentityFiles extends Identity {
	readonly trustBundle: string;
}

export class Pki {
	readonly trustDomain: string;
	/** May sign whatever it likes: what it signs wrongly must be found out by whoever reads the names. */
	readonly root: Certified;
	/** Bound to its trust domain by a name constraint, as the CA of `outrigger certs` is. */
	readonly bound: Certified;
	private folder = '';
	private written = 0;

	/** `name`: of its CAs. Those of one name would have to say which key they mean. */
	constructor(trustDomain = TRUST_DOMAIN, name = trustDomain) {
		this.trustDomain = trustDomain;
		this.root = authority(`root of ${name}`, [names(uri(`spiffe://${trustDomain}`))]);
		this.bound = authority(`bound to ${name}`, [nameConstraints({ permitted: [trustDomain] })]);
	}

	/** PEM of both CAs. */
	get trustBundle(): string {
		return this.root.pem + this.bound.pem;
	}

	/** A workload as it should be. */
	leaf(id: string, options: LeafOptions = {}): Identity {
		const { dns: hosts = [], ...times } = options;
		const made = certificate({
			issuer: this.root,
			...times,
			extensions: [...LEAF_PROFILE, names(uri(id), ...hosts.map(dns))],
		});
		return { certificate: made.pem, key: made.keyPem };
	}

	/** Written to a folder that stays until `remove`. */
	files(identity: Identity, trustBundle = this.trustBundle): IdentityFiles {
		if (this.folder === '') {
			this.folder = mkdtempSync(join(tmpdir(), 'outrigger-pki-'));
		}
		const base = join(this.folder, String(this.written++));
		writeFileSync(`${base}.pem`, identity.certificate);
		writeFileSync(`${base}.key`, identity.key, { mode: 0o600 });
		writeFileSync(`${base}-bundle.pem`, trustBundle);
		return { certificate: `${base}.pem`, key: `${base}.key`, trustBundle: `${base}-bundle.pem` };
	}

	/** Takes the files away. */
	remove(): void {
		if (this.folder !== '') rmSync(this.folder, { recursive: true, force: true });
		this.folder = '';
	}
}

/** Extensions of a workload, its names excepted. */
export const LEAF_PROFILE = [
	basicConstraints(false),
	keyUsage('digitalSignature'),
	extendedKeyUsage('serverAuth', 'clientAuth'),
];

/** A root; `more`: extensions. */
export function authority(commonName: string, more: readonly Buffer[] = [], spec: CertificateSpec = {}): Certified {
	const extensions = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), ...more];
	return certificate({ commonName, extensions, ...spec });
}

let shared: Pki | null = null;

/** One for all tests of a process; whoever has it write files removes them. */
export function testPki(): Pki {
	shared ??= new Pki();
	return shared;
}
