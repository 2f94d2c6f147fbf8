/**
 * One watch on the endpoints of a service, for as long as the file names the source: a reload hands it over to the next
 * version of the service. Keeps the last good list.
 */
import type { EndpointConfig, EndpointSource, ServiceConfig } from '../config/service-config.ts';
import type { EndpointSink, EndpointWatch } from '../ports/endpoint-source.ts';

/** Whose endpoints they are. */
export interface SourceOwner {
	/** There is another list. */
	onEndpoints(): void;
	/** The source could not tell. */
	onSourceFailed(): void;
}

export class LiveSource implements EndpointSink {
	/** Subset that its endpoints are; `''`: the service itself. */
	readonly subset: string;
	readonly source: EndpointSource;
	/** The last good list; before the first one, what the service had until now. */
	endpoints: readonly EndpointConfig[];
	/** Lists that have come. */
	version = 0;
	/** Why the last question had no good answer; `''`: it had. */
	failure = '';
	private readonly watch: EndpointWatch;
	private owner: SourceOwner | null = null;

	constructor(subset: string, source: EndpointSource, watch: EndpointWatch, endpoints: readonly EndpointConfig[]) {
		this.endpoints = endpoints;
		this.subset = subset;
		this.source = source;
		this.watch = watch;
	}

	/** It has been asked, and has answered or failed. */
	get hasAnswered(): boolean {
		return this.version > 0 || this.failure !== '';
	}

	/** Who hears of it from now on; the first one starts it. */
	belongTo(owner: SourceOwner): void {
		const isFirst = this.owner === null;
		this.owner = owner;
		if (isFirst) this.watch.start(this);
	}

	stop(): void {
		this.watch.stop();
	}

	update(endpoints: readonly EndpointConfig[]): void {
		this.endpoints = endpoints;
		this.version++;
		this.failure = '';
		this.owner?.onEndpoints();
	}

	failed(reason: string): void {
		this.failure = reason;
		this.owner?.onSourceFailed();
	}
}

/** How many lists have come from the sources so far. */
export function versionOf(sources: readonly LiveSource[]): number {
	return sources.reduce((sum, { version }) => sum + version, 0);
}

/** By subset; `''`: of the service itself. */
export function sourcesOf({ source, subsetServices }: ServiceConfig): [string, EndpointSource][] {
	if (source === null) return [];
	const subsets = Object.entries(subsetServices).map(([subset, service]): [string, EndpointSource] => [
		subset,
		source.is === 'kubernetes' ? { ...source, service } : source,
	]);
	return [['', source], ...subsets];
}
