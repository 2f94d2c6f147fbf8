/** What calls to a service are secured with: one context for all endpoints that ask for the same. */
import type { SecureContext } from 'node:tls';
import type { ServiceTls } from '../config/identity-config.ts';
import { parseSpiffeId } from '../config/spiffe-id.ts';
import type { Refusal } from '../ports/handshake.ts';
import type { BundleFiles } from './bundle-files.ts';
import { clientContext } from './contexts.ts';
import type { Material } from './material.ts';
import type { Vouching } from './vouching.ts';
import type { Workload } from './workload.ts';

/** One version of it. Another one as soon as a certificate or bundle is another. */
export interface ClientCredentials {
	readonly context: SecureContext;
	/** That the bundles speak for; empty: any. */
	readonly trustDomains: ReadonlySet<string>;
	/** Of our own certificate; `''`: it names none. */
	readonly ownDomain: string;
	/** See `Material.vouching`. */
	readonly vouching: Vouching | null;
}

const ANYBODY: Pick<ClientCredentials, 'trustDomains' | 'vouching'> = { trustDomains: new Set(), vouching: null };

export class ClientTrust {
	private readonly tls: ServiceTls;
	private readonly isMutual: boolean;
	private readonly workload: Workload | null;
	private readonly bundles: BundleFiles;
	private made: { readonly own: Material | null; readonly ca: string | null; readonly is: ClientCredentials } | null =
		null;

	constructor(tls: ServiceTls, isMutual: boolean, workload: Workload | null, bundles: BundleFiles) {
		this.tls = tls;
		this.isMutual = isMutual;
		this.workload = workload;
		this.bundles = bundles;
	}

	credentials(): ClientCredentials | Refusal {
		const { workload, made } = this;
		const own = this.isMutual ? (workload?.material ?? null) : null;
		if (this.isMutual && own === null)
			return { fault: 'no_credentials', detail: workload?.trouble() ?? 'no `tls` in the file' };
		const ca = this.authorities(own);
		if (typeof ca === 'object' && ca !== null) return ca;
		if (made !== null && made.own === own && made.ca === ca) return made.is;
		const isOwnBundle = own !== null && ca === own.texts.trustBundle;
		const minVersion = workload?.config.minVersion ?? '1.2';
		const context = clientContext(own?.texts ?? null, ca, minVersion);
		const { trustDomains, vouching } = isOwnBundle ? own : ANYBODY;
		const id = parseSpiffeId(own?.id ?? '');
		const is = { context, trustDomains, vouching, ownDomain: id.ok ? id.trustDomain : '' };
		this.made = { own, ca, is };
		return is;
	}

	/** PEM; `null`: the system's. */
	private authorities(own: Material | null): string | null | Refusal {
		const { trustBundle, caPem } = this.tls;
		if (caPem !== '') return caPem;
		if (trustBundle === '') return own?.texts.trustBundle ?? null;
		const { pem, fault } = this.bundles.of(trustBundle);
		return pem === '' ? { fault: 'no_credentials', detail: `${trustBundle} ${fault}` } : pem;
	}
}
