/**
 * Who may use the admin port: only callers that mean this machine by name, and no foreign web page.
 *
 * A page that a browser has open can send requests to localhost, and by DNS rebinding even read the answers; but then
 * `Host` is the page's own name, or `Origin` is not ours. Pure.
 */
const LOOPBACK_NAME = /^localhost$/i;
const LOOPBACK_V4 = /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const LOOPBACK_V6 = '[::1]';
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i;

/** Whether a `Host` value names this machine by a loopback name or address. */
export function isLoopbackHost(host: string): boolean {
	const name = HOST_AND_PORT.exec(host)?.[1] ?? '';
	return LOOPBACK_NAME.test(name) || LOOPBACK_V4.test(name) || name === LOOPBACK_V6;
}

/** Why a request must be refused; `''` when it may pass. */
export function whyForeign(host: string, origin: string): string {
	if (!isLoopbackHost(host)) return 'the admin port answers only to a loopback Host';
	if (origin !== '' && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return 'the Origin is another site';
	return '';
}
