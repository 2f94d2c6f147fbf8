/** What TLS is made with. Loaded with the first file that asks for it (`security.ts`). */

import type { CertificateSource, TlsConfig } from '../config/identity-config.ts';
import { findAbilities } from '../identity/abilities.ts';
import { BundleFiles } from '../identity/bundle-files.ts';
import { CertificateFiles, type MaterialSink, type MaterialSource } from '../identity/certificate-files.ts';
import { Identity } from '../identity/identity.ts';
import type { SecureAbilities } from '../identity/secure-socket.ts';
import { Workload } from '../identity/workload.ts';
import { WorkloadApi } from '../identity/workload-api.ts';
import { systemClock, systemRandom } from '../io/system.ts';
import type { Telemetry } from './telemetry.ts';

export class SecurityTools {
	readonly bundles: BundleFiles;
	private readonly telemetry: Telemetry;
	private readonly folder: string;
	private readonly abilities: SecureAbilities;

	static async make(telemetry: Telemetry, folder: string): Promise<SecurityTools> {
		return new SecurityTools(telemetry, folder, await findAbilities());
	}

	private constructor(telemetry: Telemetry, folder: string, abilities: SecureAbilities) {
		this.telemetry = telemetry;
		this.folder = folder;
		this.abilities = abilities;
		this.bundles = new BundleFiles(folder, telemetry.log);
	}

	/** `tls`: `null` where the workload has no certificate of its own. `fault`: why it has none, though it should. */
	async identityOf(tls: TlsConfig | null): Promise<{ readonly identity: Identity; readonly fault: string }> {
		if (tls === null) return { identity: new Identity(null, this.bundles, this.abilities), fault: '' };
		const { log, timers, metrics } = this.telemetry;
		const workload = new Workload({
			config: tls,
			log,
			timers,
			clock: systemClock,
			onCertificate: (expiresAt, id) => metrics.tls.expires(expiresAt, id),
			source: (sink) => this.sourceOf(tls.source, sink),
		});
		const fault = await workload.start();
		return { identity: new Identity(workload, this.bundles, this.abilities), fault };
	}

	private sourceOf(source: CertificateSource, sink: MaterialSink): MaterialSource {
		const { timers } = this.telemetry;
		if (source.is === 'files') return new CertificateFiles({ files: source, folder: this.folder, timers, sink });
		return new WorkloadApi({ socket: source.socket, timers, clock: systemClock, random: systemRandom, sink });
	}
}
