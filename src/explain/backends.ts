/** Where a request may go, and how likely each place is. */
import type { Config, OutboundConfig, Rule } from '../config/config.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import { hostOf } from './judge.ts';

export interface Share {
	/** As written: `payments/canary`. */
	readonly label: string;
	/** `app`, or the name of an entry of `services`; `''` when there is none to go to. */
	readonly service: string;
	/** One of the service's ports; 0: any. */
	readonly port: number;
	/** Of the requests, from 0 to 100. */
	readonly percent: number;
	/** Why its share gets 500; `''` when all is well. */
	readonly invalid: string;
}

const PERCENT = 100;
/** What `http://` and `https://` mean where they name no port. */
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export function sharesOf({ backendRefs }: Rule): Share[] {
	const sum = backendRefs.reduce((weights, { weight }) => weights + weight, 0);
	return backendRefs.map((ref) => ({
		label: ref.label,
		service: ref.service,
		port: ref.port,
		percent: sum === 0 ? 0 : (ref.weight / sum) * PERCENT,
		invalid: ref.invalid,
	}));
}

/** Where a call goes that names no backend: to the service that lists its host, or as `unknownHosts` has it. */
export type ByHost =
	| { readonly kind: 'service'; readonly service: ServiceConfig }
	/** An https URL of a host that no service lists: only CONNECT leads there. */
	| { readonly kind: 'needsConnect' }
	| { readonly kind: OutboundConfig['unknownHosts'] };

/** `isTls`: an https URL was asked for. */
export function byHost(
	{ services, outbound }: Pick<Config, 'services' | 'outbound'>,
	authority: string,
	isTls: boolean,
): ByHost {
	const host = hostOf(authority);
	const port = Number(/:([0-9]+)$/.exec(authority)?.[1] ?? (isTls ? HTTPS_PORT : HTTP_PORT));
	const service = services.find(({ hostnames, ports }) => {
		const known = Object.values(ports);
		return hostnames.includes(host) && (known.length === 0 || known.includes(port));
	});
	if (service !== undefined) return { kind: 'service', service };
	const kind = outbound?.unknownHosts ?? 'reject';
	return { kind: isTls && kind === 'passthrough' ? 'needsConnect' : kind };
}
