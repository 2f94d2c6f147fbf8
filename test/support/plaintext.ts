/** Parts that speak no TLS, for tests that look at others. */
const handshakes = { handshook: (): void => undefined };

export const PLAINTEXT_DIAL = { tls: null, handshakes } as const;
export const PLAINTEXT_CHECKS = { tlsOf: () => null, handshakes } as const;
export const PLAINTEXT_PORT = {
	tls: () => null,
	onHandshake: (): void => undefined,
	onPlaintext: (): void => undefined,
} as const;
