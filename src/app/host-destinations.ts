/**
 * Where an outbound request goes that no rule sends anywhere: to the service that lists the host it asks for, else to
 * the host itself where that is allowed.
 */
import { ProxyError } from '../error.ts';
import type { Backend } from '../proxy/backend.ts';
import type { Destinations } from '../proxy/context.ts';
import type { NamedService } from './named-service.ts';
import type { UnknownHosts } from './unknown-hosts.ts';

/** Where the request names none (RFC 9110 §4.2.1, §4.2.2). */
const DEFAULT_PORT = 80;
const DEFAULT_TLS_PORT = 443;

/** What a service that lists a hostname takes there. */
interface Listing {
	/** By the port that the caller uses. */
	readonly byPort: ReadonlyMap<number, Backend>;
	/** `null`: the ports that are listed are all. */
	readonly anyPort: Backend | null;
}

export class HostDestinations implements Destinations {
	/** Whole authorities without a detour: hostnames as they stand in the file, which is how they are mostly asked for. */
	private readonly whole = new Map<string, Backend>();
	private readonly listings = new Map<string, Listing>();
	private readonly unknown: UnknownHosts | null;

	/** `unknown`: `null` where hosts that no service lists are refused. */
	constructor(unknown: UnknownHosts | null) {
		this.unknown = unknown;
	}

	/** A hostname and port are listed by one service. Returns how many endpoints were looked at. */
	add(service: NamedService): number {
		const { hostnames, ports, endpoints } = service.config;
		const listing = listingOf(service);
		for (const hostname of hostnames) {
			this.listings.set(hostname, joined(this.listings.get(hostname), listing));
			const backend = this.listed(hostname, DEFAULT_PORT);
			if (backend !== null) this.whole.set(hostname, backend);
		}
		return 1 + endpoints.length * Math.max(1, Object.keys(ports).length);
	}

	find(authority: string, isTls = false): Backend | ProxyError {
		const whole = isTls ? undefined : this.whole.get(authority);
		if (whole !== undefined) return whole;
		const { host, port } = split(authority.toLowerCase(), isTls ? DEFAULT_TLS_PORT : DEFAULT_PORT);
		const listed = this.listed(host.endsWith('.') ? host.slice(0, -1) : host, port);
		if (listed !== null) return listed;
		// Nobody speaks TLS to it for the app, and in the clear it would be another request than was asked for.
		if (isTls && this.unknown !== null) return needsConnect();
		if (this.unknown !== null && host !== '') return this.unknown.backend(host, port);
		const detail = host === '' ? 'the request names no host' : `no service lists ${authority}`;
		return new ProxyError('unknown_host', detail, { unsent: true });
	}

	private listed(host: string, port: number): Backend | null {
		const listing = this.listings.get(host);
		return listing?.byPort.get(port) ?? listing?.anyPort ?? null;
	}
}

function listingOf(service: NamedService): Listing {
	const { name, ports } = service.config;
	const listed = Object.values(ports);
	return {
		byPort: new Map(listed.map((port) => [port, service.backend(name, '', port)])),
		anyPort: listed.length === 0 ? service.backend(name, '', 0) : null,
	};
}

/** Ports of one name may be several services. */
function joined(known: Listing | undefined, more: Listing): Listing {
	if (known === undefined) return more;
	return { byPort: new Map([...known.byPort, ...more.byPort]), anyPort: known.anyPort ?? more.anyPort };
}

function needsConnect(): ProxyError {
	return new ProxyError('bad_request', 'an https URL of a host that no service lists: CONNECT leads there');
}

/** A valid authority (`http/authority.ts`) in its two parts, IPv6 without brackets. */
function split(authority: string, defaultPort: number): { readonly host: string; readonly port: number } {
	const colon = authority.lastIndexOf(':');
	const hasPort = colon > authority.lastIndexOf(']');
	const digits = hasPort ? authority.slice(colon + 1) : '';
	const host = hasPort ? authority.slice(0, colon) : authority;
	return {
		host: host.startsWith('[') ? host.slice(1, -1) : host,
		port: digits === '' ? defaultPort : Number(digits),
	};
}
