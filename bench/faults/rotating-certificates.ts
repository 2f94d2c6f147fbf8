/** Certificates of workloads that change all the time, written well by a rename and badly by halves. */
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initAuthority } from '../../src/cli/certs/init.ts';
import { issueCertificate } from '../../src/cli/certs/issue.ts';

/** As a route file wants them. */
export interface IdentityFiles {
	readonly certificate: string;
	readonly key: string;
	readonly trustBundle: string;
}

interface Pair {
	readonly certificate: string;
	readonly key: string;
	readonly serial: string;
}

/** What whoever renews a pair may leave behind in the middle of it. */
const DAMAGES: readonly ((files: IdentityFiles, next: Pair) => void)[] = [
	({ certificate }, next) => replace(certificate, next.certificate),
	({ key }, next) => replace(key, next.key),
	({ certificate }) => halve(certificate),
	({ key }) => halve(key),
	({ certificate }) => truncateSync(certificate),
	({ key }) => unlinkSync(key),
];

export class RotatingCertificates {
	/** Of the pairs that stand there whole, or did before they were damaged; by name. */
	readonly serials = new Map<string, string>();
	readonly names: readonly string[];
	renewals = 0;
	damages = 0;
	private readonly folder: string;
	/** Folders of CAs: the last one signs. */
	private readonly authorities: string[] = [];

	private constructor(names: readonly string[]) {
		this.names = names;
		this.folder = mkdtempSync(join(tmpdir(), 'outrigger-rotating-'));
		mkdirSync(join(this.folder, 'served'));
	}

	static async make(names: readonly string[]): Promise<RotatingCertificates> {
		const certificates = new RotatingCertificates(names);
		await certificates.addAuthority();
		certificates.trust('all');
		await certificates.renew();
		return certificates;
	}

	idOf(name: string): string {
		return `spiffe://mesh.local/ns/shop/sa/${name}`;
	}

	filesOf(name: string): IdentityFiles {
		const served = (file: string) => join(this.folder, 'served', file);
		return { certificate: served(`${name}.pem`), key: served(`${name}.key`), trustBundle: served('bundle.pem') };
	}

	/** From now on another root signs, which nobody trusts yet. */
	async addAuthority(): Promise<void> {
		const dir = join(this.folder, `ca-${this.authorities.length}`);
		await initAuthority({ dir, trustDomain: 'mesh.local' }, new Date());
		this.authorities.push(dir);
	}

	/** Writes the trust bundle: all roots, or the one alone that signs. The size of it. */
	trust(which: 'all' | 'last'): number {
		const trusted = which === 'all' ? this.authorities : this.authorities.slice(-1);
		const texts = trusted.map((dir) => readFileSync(join(dir, 'ca.pem'), 'utf8'));
		replace(join(this.folder, 'served/bundle.pem'), texts.join(''));
		return trusted.length;
	}

	/** A new pair for each workload, both files whole. `by`: how many roots before the last one signs. */
	async renew(by = 0): Promise<void> {
		for (const name of this.names) {
			const { certificate, key } = this.filesOf(name);
			const pair = await this.issue(name, by);
			// In whichever order.
			if (this.renewals++ % 2 === 0) replace(certificate, pair.certificate);
			replace(key, pair.key);
			replace(certificate, pair.certificate);
			this.serials.set(name, pair.serial);
		}
	}

	/** Leaves the pair of each workload unusable, each time in another way. */
	async damage(): Promise<void> {
		for (const name of this.names) {
			const damage = DAMAGES[this.damages++ % DAMAGES.length];
			damage?.(this.filesOf(name), await this.issue(name, 0));
		}
	}

	private async issue(name: string, by: number): Promise<Pair> {
		const dir = this.authorities.at(-1 - by) ?? '';
		const { files, certificate } = await issueCertificate({ dir, id: this.idOf(name) }, new Date());
		const { serialNumber: serial } = certificate;
		return { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8'), serial };
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

function replace(file: string, text: string): void {
	writeFileSync(`${file}.new`, text, { mode: 0o600 });
	renameSync(`${file}.new`, file);
}

/** As a writer leaves it who is at work in place. */
function halve(file: string): void {
	truncateSync(file, Math.floor(readFileSync(file).length / 2));
}
