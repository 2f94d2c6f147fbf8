/** How a pod finds its cluster's API, and what it shows there (kubernetes.io, "Accessing the API from within a Pod"). */
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { Clock } from '../../clock.ts';

/** Where the kubelet mounts what a pod shows. */
const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet renews a token when four fifths of its hour are over: this is soon enough, and client-go's figure. */
const REREAD_MS = 60_000;
const DEFAULT_PORT = '443';

export interface ClusterAccess {
	/** `https://10.96.0.1:443`. Over `http:` (as of `kubectl proxy`) no token is shown. */
	readonly origin: string;
	/** Holds `token`, `ca.crt` and `namespace`. */
	readonly folder: string;
	/** The family that the cluster prefers: that of the API's own address. */
	readonly family: 'IPv4' | 'IPv6';
}

/** `null`: the environment (KUBERNETES_SERVICE_HOST and _PORT) names no cluster. */
export function clusterAccess(
	environment: Readonly<Record<string, string | undefined>>,
	folder: string = SERVICE_ACCOUNT_FOLDER,
): ClusterAccess | null {
	const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
	if (host === '') return null;
	const port = environment['KUBERNETES_SERVICE_PORT'] || DEFAULT_PORT;
	const isV6 = net.isIPv6(host);
	return { origin: `https://${isV6 ? `[${host}]` : host}:${port}`, folder, family: isV6 ? 'IPv6' : 'IPv4' };
}

export interface Credentials {
	/** `''`: none is shown. */
	readonly token: string;
	/** Certificates that the API is trusted by; `''`: the system's. */
	readonly ca: string;
}

/** The files of the service account, read again now and then: the kubelet replaces them. */
export class ServiceAccount {
	private readonly access: ClusterAccess;
	private readonly clock: Clock;
	private known: Credentials | null = null;
	private readAt = 0;

	constructor(access: ClusterAccess, clock: Clock) {
		this.access = access;
		this.clock = clock;
	}

	/** Rejects when there is no token to show. */
	async credentials(): Promise<Credentials> {
		if (this.known !== null && this.clock.now() - this.readAt < REREAD_MS) return this.known;
		const isSecure = this.access.origin.startsWith('https:');
		const token = isSecure ? await this.token() : '';
		const ca = isSecure ? await this.file('ca.crt').catch(() => '') : '';
		this.readAt = this.clock.now();
		this.known = { token, ca };
		return this.known;
	}

	/** What is known has been turned down: the next question reads the files. */
	forget(): void {
		this.known = null;
	}

	/** The pod's own namespace. */
	async namespace(): Promise<string> {
		return (await this.file('namespace')).trim();
	}

	private async token(): Promise<string> {
		try {
			return (await this.file('token')).trim();
		} catch (cause) {
			const told = cause instanceof Error ? cause.message : String(cause);
			throw new Error(`no token of a service account (is automountServiceAccountToken false?): ${told}`, { cause });
		}
	}

	private file(name: string): Promise<string> {
		return readFile(path.join(this.access.folder, name), 'utf8');
	}
}
