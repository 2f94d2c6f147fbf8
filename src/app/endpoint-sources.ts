/**
 * Where services have their endpoints from. What asks DNS, files and clusters is loaded with the first service that has
 * such a source: most sidecars start without one.
 */
import type { EndpointSource } from '../config/service-config.ts';
import { RecordedSink } from '../discovery/recorded-sink.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { EndpointSink, EndpointWatch } from '../ports/endpoint-source.ts';
import type { SourceTools } from './source-tools.ts';
import type { SourceWatches } from './source-watches.ts';
import type { Telemetry } from './telemetry.ts';

export class EndpointSources {
	private readonly telemetry: Telemetry;
	private readonly tools: SourceTools;
	private watches: Promise<SourceWatches> | null = null;

	constructor(telemetry: Telemetry, tools: SourceTools) {
		this.telemetry = telemetry;
		this.tools = tools;
	}

	/** Not started. `service`: name of the service that it is for. */
	watchOf(source: EndpointSource, service: string): EndpointWatch {
		const { metrics: recorder, log } = this.telemetry;
		const recorded = (sink: EndpointSink) => new RecordedSink({ service, sink, recorder, log });
		return new LoadedWatch(source, () => this.load(), recorded);
	}

	private load(): Promise<SourceWatches> {
		this.watches ??= import('./source-watches.ts').then(
			({ SourceWatches }) => new SourceWatches(this.telemetry, this.tools),
		);
		return this.watches;
	}

	async stop(): Promise<void> {
		(await this.watches)?.stop();
	}
}

/** A watch whose code comes when it is started. */
class LoadedWatch implements EndpointWatch {
	private readonly source: EndpointSource;
	private readonly load: () => Promise<SourceWatches>;
	private readonly recorded: (sink: EndpointSink) => EndpointSink;
	private watch: EndpointWatch | null = null;
	private isStopped = false;

	constructor(
		source: EndpointSource,
		load: () => Promise<SourceWatches>,
		recorded: (sink: EndpointSink) => EndpointSink,
	) {
		this.source = source;
		this.load = load;
		this.recorded = recorded;
	}

	start(given: EndpointSink): void {
		const sink = this.recorded(given);
		this.load().then(
			(watches) => {
				if (this.isStopped) return;
				loopClock.refresh();
				this.watch = watches.watch(this.source);
				this.watch.start(sink);
			},
			(error: unknown) => sink.failed(String(error)),
		);
	}

	stop(): void {
		this.isStopped = true;
		this.watch?.stop();
	}
}
