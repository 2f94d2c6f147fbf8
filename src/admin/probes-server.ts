/**
 * The probes port: reached by pod address, so any `Host` will do, and nothing here can be changed or gives away more
 * than metrics.
 */
import type { BoundAddress, ControlServer } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import { HttpControlServer } from './control-server.ts';
import { dispatch } from './endpoint.ts';
import { type ProbeProviders, probeEndpoints } from './probe-endpoints.ts';

export interface ProbesServerOptions {
	readonly listen: { readonly host: string; readonly port: number };
	readonly providers: ProbeProviders;
	readonly log: Log;
}

export class ProbesServer implements ControlServer {
	private readonly server: HttpControlServer;

	constructor({ listen, providers, log }: ProbesServerOptions) {
		const endpoints = probeEndpoints(providers);
		this.server = new HttpControlServer({ listen, log, handler: (request) => dispatch(endpoints, request) });
	}

	start(): Promise<BoundAddress> {
		return this.server.start();
	}

	stop(): Promise<void> {
		return this.server.stop();
	}
}
