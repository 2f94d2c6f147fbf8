/** All of TLS for a version of the route file: who we are, whom we believe, and what handshakes are made with. */

import type net from 'node:net';
import { isIP } from 'node:net';
import type { Timers } from '../clock.ts';
import type { PeerName, ServiceTls } from '../config/identity-config.ts';
import {
	type HandshakeOwner,
	type InboundTls,
	isRefusal,
	type OutboundTls,
	type RunningHandshake,
} from '../io/secure.ts';
import type { Refusal } from '../ports/handshake.ts';
import type { BundleFiles } from './bundle-files.ts';
import { ClientTrust } from './client-trust.ts';
import { EndpointTls } from './endpoint-tls.ts';
import { Handshake } from './handshake.ts';
import type { SecureAbilities } from './secure-socket.ts';
import type { Workload } from './workload.ts';

/** What TLS has to know of an endpoint. */
export interface SecuredEndpoint {
	readonly tls: ServiceTls;
	/** SPIFFE id that it declares; `''`: none. */
	readonly identity: string;
	/** First hostname of its service; `''`: none. */
	readonly hostname: string;
	/** A name or an IP literal. */
	readonly host: string;
}

export class Identity {
	readonly workload: Workload | null;
	/** `null`: plaintext. */
	readonly inbound: InboundTls | null;
	private readonly bundles: BundleFiles;
	private readonly abilities: SecureAbilities;
	/** By what asks for it. */
	private readonly trusts = new Map<string, ClientTrust>();

	/** `abilities`: see `abilities.ts`. */
	constructor(workload: Workload | null, bundles: BundleFiles, abilities: SecureAbilities) {
		this.workload = workload;
		this.bundles = bundles;
		this.abilities = abilities;
		this.inbound = this.inboundOf(workload);
	}

	private inboundOf(workload: Workload | null): InboundTls | null {
		const { abilities } = this;
		const mode = workload?.config.mode ?? 'off';
		if (workload === null || mode === 'off') return null;
		return {
			mode,
			version: () => workload.material,
			accept(raw: net.Socket, received: Buffer, timers: Timers, owner: HandshakeOwner): RunningHandshake | Refusal {
				const terms = workload.serverTerms();
				if (isRefusal(terms)) return terms;
				return Handshake.accept({ raw, abilities, timers }, terms, received, owner);
			},
		};
	}

	/** Of an endpoint that is not called in plaintext. */
	outbound({ tls, identity, hostname, host }: SecuredEndpoint): OutboundTls {
		const name = tls.sni === '' ? (hostname === '' ? host : hostname) : tls.sni;
		const servername = isIP(name) === 0 ? name : '';
		return new EndpointTls({
			trust: this.trustOf(tls),
			names: namesOf(tls, identity, name),
			servername,
			abilities: this.abilities,
		});
	}

	private trustOf(tls: ServiceTls): ClientTrust {
		const isMutual = tls.mode !== 'simple';
		const key = [isMutual, tls.trustBundle, tls.caPem].join('\n');
		const known = this.trusts.get(key);
		if (known !== undefined) return known;
		const trust = new ClientTrust(tls, isMutual, this.workload, this.bundles);
		this.trusts.set(key, trust);
		return trust;
	}
}

/** The endpoint's own, else those of its service, else as `ServiceTls.subjectAltNames` says. */
function namesOf({ mode, subjectAltNames }: ServiceTls, identity: string, name: string): readonly PeerName[] {
	if (identity !== '') return [{ type: 'uri', value: identity }];
	if (subjectAltNames.length > 0) return subjectAltNames;
	return mode === 'simple' ? [{ type: 'dns', value: name }] : [];
}
