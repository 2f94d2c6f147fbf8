/** Which fields may not come after a body (RFC 9110 §6.5.1): a receiver that merges them would act on them too late. */
import { FIELD_NAMES } from '../http/field-id.ts';
import type { HeaderList } from '../http/header-list.ts';
import { SPAN } from '../http/header-list.ts';

const FORBIDDEN: ReadonlySet<string> = new Set([
	// They delimit this or the next message.
	'content-length',
	'transfer-encoding',
	'trailer',
	'te',
	'connection',
	'keep-alive',
	'proxy-connection',
	'upgrade',
	'http2-settings',
	// Routing has been done.
	'host',
	'forwarded',
	'x-forwarded-for',
	'x-forwarded-host',
	'x-forwarded-proto',
	'x-forwarded-client-cert',
	// The caller has been authorised (or not) by what the head said.
	'authorization',
	'proxy-authorization',
	'proxy-authenticate',
	'www-authenticate',
	'cookie',
	'set-cookie',
	// Request modifiers and controls: the work has been done.
	'cache-control',
	'expect',
	'max-forwards',
	'pragma',
	'range',
	'if-match',
	'if-none-match',
	'if-modified-since',
	'if-unmodified-since',
	'if-range',
	// How to read the content that has gone by. Content-Type is let through: it decodes nothing and real senders repeat it.
	'content-encoding',
	'content-range',
	// Response controls.
	'age',
	'expires',
	'location',
	'retry-after',
]);

/** Lower-case name of the first forbidden field, or `''`. */
export function forbiddenTrailer(trailers: HeaderList): string {
	for (let k = 0; k < trailers.parsed; k++) {
		const id = trailers.spans[k * SPAN + 4] as number;
		const name = id === 0 ? trailers.nameAt(k).toLowerCase() : (FIELD_NAMES[id] as string);
		if (FORBIDDEN.has(name)) return name;
	}
	return '';
}
