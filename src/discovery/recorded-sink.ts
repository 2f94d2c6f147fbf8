/** Between a source and who uses its endpoints: each update is counted, and told in the log when it is news. */
import type { EndpointConfig } from '../config/service-config.ts';
import type { EndpointSink } from '../ports/endpoint-source.ts';
import type { Log } from '../ports/log.ts';
import type { DiscoveryRecorder } from '../ports/telemetry.ts';

export interface RecordedSinkOptions {
	/** Name of the service. */
	readonly service: string;
	readonly sink: EndpointSink;
	readonly recorder: DiscoveryRecorder;
	readonly log: Log;
}

export class RecordedSink implements EndpointSink {
	private readonly options: RecordedSinkOptions;
	/** Of the list told last; -1: none yet. */
	private endpoints = -1;
	/** Why the source fails, as told last; `''`: it does not. One reason is told once, however often it comes. */
	private reason = '';

	constructor(options: RecordedSinkOptions) {
		this.options = options;
	}

	update(endpoints: readonly EndpointConfig[]): void {
		const { service, sink, recorder, log } = this.options;
		const isOver = this.reason !== '';
		this.reason = '';
		this.endpoints = endpoints.length;
		recorder.discovered(service, 'ok');
		const fields = { service, endpoints: endpoints.length };
		log.info(fields, isOver ? 'endpoints were found again' : 'endpoints were found');
		sink.update(endpoints);
	}

	failed(reason: string): void {
		const { service, sink, recorder, log } = this.options;
		recorder.discovered(service, 'failed');
		if (reason !== this.reason) {
			const kept = this.endpoints;
			const fields = kept < 0 ? { service, reason } : { service, reason, kept };
			log.warn(fields, kept < 0 ? 'no endpoints were found' : 'no endpoints were found: the last good ones stay');
		}
		this.reason = reason;
		sink.failed(reason);
	}
}
