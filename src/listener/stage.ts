/** Who owns the incoming bytes of a downstream connection, and for how long nobody may. */

export const Stage = {
	/** The parser. */
	reading: 0,
	/** Nobody yet: they came before their time. */
	holding: 1,
	/** A tunnel. */
	tunnel: 2,
	/** The bin: our side has ended. */
	lingering: 3,
	closed: 4,
} as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

/** How long a closed connection is read on, and how much: enough for a response to arrive, too little to be a gift. */
export const LINGER_MS = 2000;
export const LINGER_BYTES: number = 1024 * 1024;

export const CUT_REQUEST = 'the client ended the connection within its request';
