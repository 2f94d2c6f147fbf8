/**
 * HTTP of the control side (admin port, probes, log intake): small requests, answered whole. A handler sees values
 * only, so that it can be tested without a socket and the folders that have one need not import the server.
 */

export interface ControlRequest {
	readonly method: string;
	/** Path of the target, without its query. */
	readonly path: string;
	/** Query without its `?`; `''` when there is none. */
	readonly query: string;
	/** Value of a header by its lower-case name; `''` when it is absent. */
	header(name: string): string;
	/** Reads the body. `null`: it is larger than `maxBytes`, and the connection will close after the reply. */
	body(maxBytes: number): Promise<Uint8Array | null>;
}

export interface ControlReply {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** `''` for none. Pieces of an iterable are written as the peer takes them. */
	readonly body: string | AsyncIterable<string>;
}

export type ControlHandler = (request: ControlRequest) => ControlReply | Promise<ControlReply>;

export interface BoundAddress {
	readonly address: string;
	readonly port: number;
}

export interface ControlServer {
	start(): Promise<BoundAddress>;
	/** Stops accepting, closes idle connections at once, gives requests in flight a moment. Idempotent. */
	stop(): Promise<void>;
}

/** Lets the event loop serve everything else before it goes on: long work off the data path awaits it between slices. */
export type Breathe = () => Promise<void>;
