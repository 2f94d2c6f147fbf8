/** What is measured: one entry per proxy, found on this machine or named with how to get it. */
import type { Certificates } from './bench-certificates.ts';
import type { Launch } from './process-tree.ts';

export interface Placement {
	readonly port: number;
	readonly originPort: number;
	/** A port for an admin listener, for those that have one. */
	readonly adminPort: number;
	/** For generated configuration. Readable by an unprivileged worker. */
	readonly folder: string;
}

export interface SecurePlacement extends Placement {
	readonly certificates: Certificates;
	/** Of a pair: where the second one listens. */
	readonly innerPort: number;
}

export interface PeerLaunch extends Launch {
	/** Where a first 2xx means "started"; default: a proxied request. */
	readonly ready?: { readonly port: number; readonly path: string };
}

/**
 * How a proxy is placed. `tls`: it takes TLS, and asks for a certificate that a caller need not have. `pair`: two of it, mutual TLS
 * with verified names between them, plaintext before and behind.
 */
export type Form = 'plain' | 'tls' | 'pair';

export interface FoundPeer {
	readonly name: string;
	readonly ours: boolean;
	readonly version: string;
	/** What was set, in a few words. */
	readonly setting: string;
	/** The port it insists on; default: any free one. */
	readonly port?: number;
	launch(placement: Placement): PeerLaunch;
	/** Absent: not measured so. */
	readonly secure?: Readonly<Record<Exclude<Form, 'plain'>, (placement: SecurePlacement) => PeerLaunch>>;
}

export interface MissingPeer {
	readonly name: string;
	readonly howToGet: string;
}

export type Peer = FoundPeer | MissingPeer;

export function isFound(peer: Peer): peer is FoundPeer {
	return 'launch' in peer;
}

export function isMissing(peer: Peer): peer is MissingPeer {
	return 'howToGet' in peer;
}
