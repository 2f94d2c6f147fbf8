/**
 * Whether an answer through the sidecar is the app's own. Compared are the bytes that came over the socket, but for what
 * a proxy has to change: the version of the connection (RFC 9110 §2.5), hop-by-hop fields (§7.6.1) with the framing of
 * the body, and `x-request-id`, which the sidecar adds. `date` is another second's. A `Content-Length` that some apps put
 * into a 204, where it must not be sent (§8.6), goes.
 */
import type { WireMessage } from '../support/wire-message.ts';

/** The app's own fields, which a sidecar must not touch, are all others. */
const PER_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding']);
const ADDED = 'x-request-id';

export interface Comparable {
	/** Status and reason. */
	readonly status: string;
	/** Field lines with their exact spelling, in order. */
	readonly fields: readonly string[];
	readonly body: string;
	readonly trailers: readonly string[];
}

export function comparable(message: WireMessage): Comparable {
	const head = message.raw.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
	const [startLine = '', ...lines] = head.split('\r\n');
	const kept = lines.filter((line) => {
		const name = nameOf(line);
		const isForbidden = message.status === 204 && name === 'content-length';
		return !PER_CONNECTION.has(name) && name !== ADDED && !isForbidden;
	});
	return {
		status: startLine.replace(/^HTTP\/1\.\d /, ''),
		fields: kept.map((line) => (nameOf(line) === 'date' ? 'date' : line)),
		body: message.body.toString('latin1'),
		trailers: message.trailers.map(([name, value]) => `${name}: ${value}`),
	};
}

function nameOf(line: string): string {
	return line.slice(0, line.indexOf(':')).toLowerCase();
}
