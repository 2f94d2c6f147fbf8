/** What two processes have to agree on about a file of endpoints: the one that parses it, and the one that uses it. */
import type { EndpointConfig } from '../config/service-config.ts';

/** Tells one content of a file from another. */
export const FILE_HASH = 'sha256';

/** What came of the content of an endpoint file. `hash` is of the bytes that were read, `FILE_HASH` in hex. */
export type CompiledEndpoints =
	| {
			readonly ok: true;
			readonly hash: string;
			/** Tells this list from others. */
			readonly digest: string;
			readonly endpoints: readonly EndpointConfig[];
	  }
	/** `hash` is `''` when it could not be read. */
	| { readonly ok: false; readonly hash: string; readonly reason: string };
