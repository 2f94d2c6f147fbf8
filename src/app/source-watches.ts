/**
 * Watches on the places where endpoints come from. What they share is made with the first that needs it. Loaded with the
 * first service that has a source (`endpoint-sources.ts`).
 */
import path from 'node:path';
import type { EndpointSource } from '../config/service-config.ts';
import { DnsWatch } from '../discovery/dns-watch.ts';
import { FileWatch } from '../discovery/file-watch.ts';
import { KubernetesEndpoints } from '../discovery/kubernetes/kubernetes-endpoints.ts';
import type { NameLookup } from '../discovery/name-lookup.ts';
import { systemLookup } from '../discovery/system-lookup.ts';
import { breathe } from '../io/breathe.ts';
import { systemClock, systemRandom } from '../io/system.ts';
import type { EndpointWatch } from '../ports/endpoint-source.ts';
import type { SourceTools } from './source-tools.ts';
import type { Telemetry } from './telemetry.ts';

export class SourceWatches {
	private readonly telemetry: Telemetry;
	private readonly tools: SourceTools;
	private lookup: NameLookup | null = null;
	private kubernetes: KubernetesEndpoints | null = null;

	constructor(telemetry: Telemetry, tools: SourceTools) {
		this.telemetry = telemetry;
		this.tools = tools;
	}

	/** Not started. */
	watch(source: EndpointSource): EndpointWatch {
		const { timers, log } = this.telemetry;
		const { folder, compileEndpoints, cluster } = this.tools;
		switch (source.is) {
			case 'dns':
				this.lookup ??= systemLookup(systemClock, this.tools.resolver);
				return new DnsWatch(source, { lookup: this.lookup, timers, random: systemRandom });
			case 'file':
				return new FileWatch(path.resolve(folder, source.path), { timers, compile: compileEndpoints });
			case 'kubernetes':
				this.kubernetes ??= new KubernetesEndpoints({
					access: cluster,
					log,
					timers,
					clock: systemClock,
					random: systemRandom,
					breathe,
				});
				return this.kubernetes.watch(source);
			default:
				return source satisfies never;
		}
	}

	stop(): void {
		this.kubernetes?.stop();
	}
}
