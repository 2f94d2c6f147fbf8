/**
 * TLS of the process: loaded with the first file that asks for it, and handed from version to version. A workload whose
 * entry is unchanged keeps its certificates and its watches.
 */

import type net from 'node:net';
import type { Timers } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { ServiceTls } from '../config/identity-config.ts';
import type { Identity, SecuredEndpoint } from '../identity/identity.ts';
import type { Workload } from '../identity/workload.ts';
import type { HandshakeOwner, InboundTls, OutboundTls, RunningHandshake } from '../io/secure.ts';
import type { Refusal } from '../ports/handshake.ts';
import { isSame } from './restart-only.ts';
import type { SecurityTools } from './security-tools.ts';
import type { Telemetry } from './telemetry.ts';

/** Made of one version of the file, not in force yet. */
export interface Prepared {
	readonly config: Config;
	/** `null`: nothing in the file asks for TLS. */
	readonly identity: Identity | null;
	/** Why this workload has no certificate; `''`: it has one, or needs none. */
	readonly fault: string;
}

export class Security {
	private readonly telemetry: Telemetry;
	/** Seen from which the paths of the file are. */
	private readonly folder: string;
	private tools: Promise<SecurityTools> | null = null;
	private loaded: SecurityTools | null = null;
	private inForce: Prepared | null = null;

	constructor(telemetry: Telemetry, folder: string) {
		this.telemetry = telemetry;
		this.folder = folder;
	}

	/** Reads what the file names. Nothing is in force before `commit`. */
	async prepare(config: Config): Promise<Prepared> {
		const paths = bundlesOf(config);
		const needsNothing =
			config.tls === null && !config.services.some(({ policy, endpoints }) => isTls(policy.tls, endpoints));
		if (needsNothing && this.tools === null) return { config, identity: null, fault: '' };
		const tools = await this.load();
		await tools.bundles.add(paths);
		const before = this.inForce;
		if (before !== null && before.identity !== null && isSame(before.config.tls, config.tls)) {
			const { workload } = before.identity;
			return { ...before, config, fault: workload?.material === null ? workload.trouble() : '' };
		}
		const { identity, fault } = await tools.identityOf(config.tls);
		return { config, identity, fault };
	}

	/** From now on it is in force. */
	commit(prepared: Prepared): void {
		const before = this.inForce?.identity?.workload;
		this.inForce = prepared;
		const workload = prepared.identity?.workload;
		if (before !== undefined && before !== workload) before?.stop();
		if (workload === null || workload === undefined) this.telemetry.metrics.tls.expires(0, '');
		this.loaded?.bundles.keep(bundlesOf(prepared.config));
	}

	/** It comes to nothing. */
	discard({ identity }: Prepared): void {
		if (identity !== null && identity !== this.inForce?.identity) identity.workload?.stop();
		if (this.inForce !== null) this.loaded?.bundles.keep(bundlesOf(this.inForce.config));
	}

	private load(): Promise<SecurityTools> {
		this.tools ??= this.makeTools();
		return this.tools;
	}

	private async makeTools(): Promise<SecurityTools> {
		const { SecurityTools } = await import('./security-tools.ts');
		this.loaded = await SecurityTools.make(this.telemetry, this.folder);
		return this.loaded;
	}

	/** Of the port that callers use, as of now. */
	inbound(): InboundTls | null {
		return this.inForce?.identity?.inbound ?? null;
	}

	/** `null`: plaintext, as the file says. */
	outboundFor(endpoint: SecuredEndpoint): OutboundTls | null {
		if (!isSecured(endpoint.tls, endpoint.identity)) return null;
		return new CurrentTls(endpoint, () => this.inForce?.identity ?? null);
	}

	get workload(): Workload | null {
		return this.inForce?.identity?.workload ?? null;
	}

	/** What `/certs` shows. */
	describe(): object {
		return { workload: this.workload?.describe() ?? null };
	}

	async stop(): Promise<void> {
		this.workload?.stop();
		(await this.tools)?.bundles.stop();
	}
}

/** TLS towards one endpoint by whatever identity is in force: the connections of a service outlive a version of the file. */
class CurrentTls implements OutboundTls {
	private readonly endpoint: SecuredEndpoint;
	private readonly current: () => Identity | null;
	private identity: Identity | null = null;
	private tls: OutboundTls | null = null;

	constructor(endpoint: SecuredEndpoint, current: () => Identity | null) {
		this.endpoint = endpoint;
		this.current = current;
	}

	version(): object | null {
		return this.now()?.version() ?? null;
	}

	private now(): OutboundTls | null {
		const identity = this.current();
		if (identity === null) return null;
		if (identity !== this.identity || this.tls === null) {
			this.identity = identity;
			this.tls = identity.outbound(this.endpoint);
		}
		return this.tls;
	}

	connect(raw: net.Socket, timers: Timers, owner: HandshakeOwner): RunningHandshake | Refusal {
		const tls = this.now();
		if (tls === null) return { fault: 'no_credentials', detail: 'no certificates have been loaded' };
		return tls.connect(raw, timers, owner);
	}
}

/** Whether an endpoint is called by TLS: `auto` goes by what is declared, never by what is found. */
export function isSecured({ mode, subjectAltNames }: ServiceTls, identity: string): boolean {
	if (mode === 'auto') return identity !== '' || subjectAltNames.length > 0;
	return mode !== 'off';
}

/** Endpoints that are found later may declare an identity as well, but mutual TLS needs `tls` in the file then. */
function isTls(tls: ServiceTls, endpoints: readonly { readonly identity: string }[]): boolean {
	return isSecured(tls, '') || endpoints.some(({ identity }) => isSecured(tls, identity));
}

function bundlesOf({ services }: Config): ReadonlySet<string> {
	return new Set(services.map(({ policy }) => policy.tls.trustBundle).filter((path) => path !== ''));
}
