/** What a valid route file says of identities: who this workload is, whom it believes, and who may do what. Plain data. */
import type { Position } from './position.ts';

/** Where certificates come from. Paths are as written, seen from the route file's folder. */
export type CertificateSource =
	| { readonly is: 'files'; readonly certificate: string; readonly key: string; readonly trustBundle: string }
	/** Path of the Unix socket of the SPIFFE Workload API. */
	| { readonly is: 'workloadApi'; readonly socket: string };

/** This workload's identity, and TLS on the inbound port. */
export interface TlsConfig {
	/**
	 * `strict`: TLS with a client certificate that the trust bundle vouches for, nothing else. `permissive`: also TLS without
	 * one, and plaintext. `off`: plaintext; the identity is for calls alone.
	 */
	readonly mode: 'strict' | 'permissive' | 'off';
	readonly source: CertificateSource;
	readonly minVersion: '1.2' | '1.3';
}

/** A name that the certificate of a peer must have. One of several is enough. */
export interface PeerName {
	readonly type: 'uri' | 'dns';
	readonly value: string;
}

/** TLS towards the endpoints of one service. */
export interface ServiceTls {
	/** `auto`: mutual if and only if the endpoint or the service declares an identity; never found out by trying. */
	readonly mode: 'off' | 'simple' | 'mutual' | 'auto';
	/** `''`: the service's first hostname; of a service without, the endpoint's host unless that is an address. */
	readonly sni: string;
	/** Empty: with `mutual` any identity of our own trust domain (an endpoint's own counts before that); with `simple` the SNI as DNS name. */
	readonly subjectAltNames: readonly PeerName[];
	/** Path of a PEM file; `''`: with `mutual` the identity's own bundle, with `simple` the system's. */
	readonly trustBundle: string;
	/** The same as text, in place of a path: of a document beside the route file; `''`: none. */
	readonly caPem: string;
}

/** Texts of a rule of authorization: exact, `x*`, `*x` or `*`, which is any that is not empty. */
export interface TextPattern {
	readonly type: 'exact' | 'prefix' | 'suffix' | 'any';
	/** Without the `*`. */
	readonly value: string;
}

/** All conditions that are there must hold; of each, one of its values. Empty lists are no condition. */
export interface AuthorizationRule {
	/** SPIFFE ids. Who has not proven one matches none. */
	readonly principals: readonly TextPattern[];
	/** `ns` of SPIFFE ids of the form `spiffe://trust-domain/ns/<ns>/sa/<sa>`. */
	readonly namespaces: readonly TextPattern[];
	/** In upper case. */
	readonly methods: readonly string[];
	/** In the form in which requests are matched. */
	readonly paths: readonly TextPattern[];
	/** All must hold. Names in lower case. */
	readonly headers: readonly { readonly name: string; readonly value: TextPattern }[];
	/** Networks of the connection's other end, with their length in bits. */
	readonly sources: readonly { readonly address: string; readonly bits: number }[];
	readonly at: Position;
}

/** Who may ask. Deny comes before allow. */
export interface Authorization {
	/** Refusals are only logged and counted. */
	readonly dryRun: boolean;
	readonly deny: readonly AuthorizationRule[];
	/** `null`: whoever is not denied. Empty: nobody. */
	readonly allow: readonly AuthorizationRule[] | null;
}
