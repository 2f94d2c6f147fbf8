/** Certificates made by openssl for one run of a test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
	readonly key: string;
	readonly cert: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class CertificateAuthority {
	/** PEM. */
	readonly cert: string;
	private readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-ca-'));

	constructor(name: string) {
		const subject = ['-subj', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign,digitalSignature'];
		this.openssl('req', '-x509', ...CURVE, '-days', '2', ...subject, '-keyout', 'ca.key', '-out', 'ca.crt');
		this.cert = readFileSync(join(this.folder, 'ca.crt'), 'utf8');
	}

	/** `names` as in the extension: `IP:127.0.0.1,DNS:kubernetes.default.svc`. */
	issue(names: string): Certificate {
		writeFileSync(join(this.folder, 'names'), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
		this.openssl('req', ...CURVE, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr');
		const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1', '-extfile', 'names'];
		this.openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.crt');
		return {
			key: readFileSync(join(this.folder, 'server.key'), 'utf8'),
			cert: readFileSync(join(this.folder, 'server.crt'), 'utf8'),
		};
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}

	private openssl(...args: string[]): void {
		execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
	}
}
