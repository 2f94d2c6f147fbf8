/** Makes watches on the places where endpoints come from. What they share is made with the first that needs it. */
import path from 'node:path';
import type { EndpointSource } from '../config/service-config.ts';
import { DnsWatch } from '../discovery/dns-watch.ts';
import type { CompiledEndpoints } from '../discovery/endpoint-file.ts';
import { FileWatch } from '../discovery/file-watch.ts';
import type { ClusterAccess } from '../discovery/kubernetes/cluster-access.ts';
import { KubernetesEndpoints } from '../discovery/kubernetes/kubernetes-endpoints.ts';
import type { NameLookup } from '../discovery/name-lookup.ts';
import { RecordedSink } from '../discovery/recorded-sink.ts';
import type { ResolverPaths } from '../discovery/resolver-files.ts';
import { systemLookup } from '../discovery/system-lookup.ts';
import { breathe } from '../io/breathe.ts';
import { systemClock, systemRandom } from '../io/system.ts';
import type { EndpointSink, EndpointWatch } from '../ports/endpoint-source.ts';
import type { Telemetry } from './telemetry.ts';

/** What the process around us knows and an `App` cannot find out. */
export interface SourceTools {
	/** Where the route file is: paths in it are seen from there. */
	readonly folder: string;
	/** Parses a file of endpoints elsewhere: requests are being served here. */
	compileEndpoints(file: string): Promise<CompiledEndpoints>;
	/** `null`: we are in no cluster. */
	readonly cluster: ClusterAccess | null;
	/** Default: this host's. */
	readonly resolver?: ResolverPaths;
}

export class EndpointSources {
	private readonly telemetry: Telemetry;
	private readonly tools: SourceTools;
	private lookup: NameLookup | null = null;
	private kubernetes: KubernetesEndpoints | null = null;

	constructor(telemetry: Telemetry, tools: SourceTools) {
		this.telemetry = telemetry;
		this.tools = tools;
	}

	/** Not started. `service`: name of the service that it is for. */
	watchOf(source: EndpointSource, service: string): EndpointWatch {
		const watch = this.watch(source);
		const { metrics: recorder, log } = this.telemetry;
		return {
			start: (sink: EndpointSink) => watch.start(new RecordedSink({ service, sink, recorder, log })),
			stop: () => watch.stop(),
		};
	}

	private watch(source: EndpointSource): EndpointWatch {
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
