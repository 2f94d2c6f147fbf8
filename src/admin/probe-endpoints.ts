/** `/live`, `/ready`, `/started` and `/metrics`: what kubelet and Prometheus ask for, on both control ports. */
import type { ControlReply } from '../ports/control.ts';
import { type Endpoint, jsonReply } from './endpoint.ts';

export interface Health {
	readonly ok: boolean;
	/** Why not; empty when `ok`. */
	readonly reasons: readonly string[];
}

export interface ProbeProviders {
	live(): Health;
	ready(): Health;
	started(): Health;
	/** The exposition, in pieces. */
	metrics(): AsyncIterable<string>;
	readonly metricsContentType: string;
}

const STATUS_OK = 200;
const STATUS_UNAVAILABLE = 503;

export function probeEndpoints(providers: ProbeProviders): Endpoint[] {
	return [
		{ method: 'GET', path: '/live', about: 'the event loop turns', handle: () => health(providers.live()) },
		{ method: 'GET', path: '/ready', about: 'may take traffic', handle: () => health(providers.ready()) },
		{ method: 'GET', path: '/started', about: 'configured and listening', handle: () => health(providers.started()) },
		{
			method: 'GET',
			path: '/metrics',
			about: 'Prometheus metrics',
			handle: () => ({
				status: STATUS_OK,
				headers: { 'content-type': providers.metricsContentType },
				body: providers.metrics(),
			}),
		},
	];
}

function health({ ok, reasons }: Health): ControlReply {
	return ok ? jsonReply(STATUS_OK, { ok }) : jsonReply(STATUS_UNAVAILABLE, { ok, reasons });
}
