/** Where connections go, and how that is written. */

/** A port of the app on this host, its Unix socket, or an address elsewhere. */
export type DialTarget =
	| { readonly kind: 'loopback'; readonly port: number }
	| { readonly kind: 'socket'; readonly path: string }
	/** A name, which the system resolves at each connect, or an IP literal, IPv6 without brackets. */
	| { readonly kind: 'host'; readonly host: string; readonly port: number };

/** `host:port`, with the brackets that IPv6 needs. */
export function hostPort(host: string, port: number): string {
	return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
