/** How large a head may be. Trailers count against the same numbers as the head that they follow. */
export interface HeadLimits {
	/** Bytes of the whole head: start line, fields, empty line. Beyond it 431. */
	readonly headerBytes: number;
	/** Field lines. Beyond it 431. */
	readonly headers: number;
	/** Bytes of the request line without its CRLF. Beyond it 414. */
	readonly requestLineBytes: number;
}

/** Envoy's 60 KiB and 100 fields; 16 KiB is the longest request line that the usual servers take. */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
	headerBytes: 60 * 1024,
	headers: 100,
	requestLineBytes: 16 * 1024,
};

/** Bytes of chunk extensions that one message may carry: nobody uses them but attackers (CVE-2023-39326). */
export const MAX_CHUNK_EXTENSION_BYTES: number = 4 * 1024;

/** Empty lines that are skipped before a start line (RFC 9112 §2.2); old clients send one after a body. */
export const MAX_EMPTY_LINES = 4;

/** Interim responses before the final one; more is an endless answer. */
export const MAX_INFORMATIONAL_RESPONSES = 32;
