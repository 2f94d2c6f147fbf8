/** Where the endpoints of a service come from while it runs: DNS, a file, a cluster. */
import type { EndpointConfig } from '../config/service-config.ts';

/** Who is told. */
export interface EndpointSink {
	/** A whole list, which replaces what was known. Empty: the source knows for sure that there are none. */
	update(endpoints: readonly EndpointConfig[]): void;
	/** The source could not be asked, or what it said makes no sense: the last good list stays. */
	failed(reason: string): void;
}

/** One watch on one source. It asks again by itself until it is stopped, and never throws. */
export interface EndpointWatch {
	/** Called once. The sink is never called before this has returned, nor after `stop`. */
	start(sink: EndpointSink): void;
	stop(): void;
}
