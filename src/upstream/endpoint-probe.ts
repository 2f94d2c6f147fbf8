/** How the endpoints of a service are asked, by what its policy says. */
import type { Clock, Timers } from '../clock.ts';
import type { HealthCheck, ServiceConfig } from '../config/service-config.ts';
import type { OutboundTls } from '../io/secure.ts';
import type { HandshakeRecorder } from '../ports/handshake.ts';
import { Dialer } from './dial.ts';
import { GrpcProbe } from './grpc-probe.ts';
import { HttpProbe } from './http-probe.ts';
import type { OwnListeners } from './own-listeners.ts';
import type { Probe } from './probe.ts';
import { TcpProbe } from './tcp-probe.ts';

export interface ProbedEndpoint {
	readonly host: string;
	readonly port: number;
	/** `host:port`, unique among the endpoints of the service. */
	readonly address: string;
}

export interface ProbeEnvironment {
	readonly policy: HealthCheck;
	readonly service: Pick<ServiceConfig, 'name' | 'hostnames'>;
	readonly clock: Clock;
	readonly timers: Timers;
	readonly ownListeners: Pick<OwnListeners, 'hasPeerOf'>;
	readonly handshakes: HandshakeRecorder;
	/** As calls to the endpoint are secured; `null`: not at all. */
	tlsOf(endpoint: ProbedEndpoint): OutboundTls | null;
}

/** By which a service is asked for where it has to be named; `''`: it has no name that is one. */
export function serverNameOf({ hostnames }: Pick<ServiceConfig, 'hostnames'>): string {
	return hostnames.find((name) => !name.includes('*')) ?? '';
}

/** Asks for the service by its first name, where the endpoint's own address says less: a server may have several. */
export function buildProbe(env: ProbeEnvironment, endpoint: ProbedEndpoint): Probe {
	const { policy, service, clock, timers, ownListeners, handshakes } = env;
	const { host, port, address } = endpoint;
	const { probe, timeout } = policy;
	const dialer = new Dialer({
		target: { kind: 'host', host, port },
		connectTimeoutMs: timeout,
		service: service.name,
		clock,
		timers,
		// Checks are no traffic, and stay out of its metrics.
		recorder: { connected: ignore, connectFailed: ignore },
		ownListeners,
		tls: env.tlsOf(endpoint),
		handshakes,
	});
	const authority = serverNameOf(service) || address;
	switch (probe.is) {
		case 'http': {
			const { path, from, to } = probe;
			return new HttpProbe({ dialer, path, authority, from, to, keepsConnection: true });
		}
		case 'grpc':
			return new GrpcProbe({ dialer, authority, service: probe.service, timeoutMs: timeout });
		case 'tcp':
			return new TcpProbe(dialer);
	}
}

function ignore(): void {
	// nothing to record
}
