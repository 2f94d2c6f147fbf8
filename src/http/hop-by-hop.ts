/**
 * Fields that end at this hop (RFC 9110 §7.6.1). What of them must live on is already in the head (`upgrade`,
 * `acceptsTrailers`, `framing`, `keepAlive`), from which the next hop's writer makes its own.
 */
import { FieldId } from './field-id.ts';
import type { RequestHead, ResponseHead } from './head.ts';
import type { HeaderList } from './header-list.ts';
import { SPAN } from './header-list.ts';
import { elementEnd, equalsLower, skipWhitespace, trimEnd } from './tokens.ts';

/** `Trailer` is not among them: it describes the trailers, which pass too. */
const HOP_BY_HOP_IDS = [
	FieldId.connection,
	FieldId.keepAlive,
	FieldId.proxyConnection,
	FieldId.transferEncoding,
	FieldId.upgrade,
	FieldId.te,
	FieldId.http2Settings,
] as const;

/** The same as a table: 1 for the ids that never pass. */
const IS_HOP_BY_HOP = new Uint8Array(256);
for (const id of HOP_BY_HOP_IDS) IS_HOP_BY_HOP[id] = 1;

/**
 * What `Connection` cannot take away. The framing and the host decide what the next hop reads; the others are put there by
 * proxies in front of us, and letting a client remove them would let it hide who it is.
 */
const PROTECTED: ReadonlySet<string> = new Set([
	'content-length',
	'host',
	'forwarded',
	'x-forwarded-for',
	'x-forwarded-host',
	'x-forwarded-proto',
	'x-forwarded-client-cert',
]);

export function stripRequestHopByHop(head: RequestHead): void {
	strip(head.headers);
}

export function stripResponseHopByHop(head: ResponseHead): void {
	strip(head.headers);
}

function strip(headers: HeaderList): void {
	const { spans, parsed } = headers;
	for (let k = 0; k < parsed; k++) {
		const id = spans[k * SPAN + 4] as number;
		if (IS_HOP_BY_HOP[id] !== 1 || headers.isRemoved(k)) continue;
		if (id === FieldId.connection) {
			removeNominated(headers, headers.text, spans[k * SPAN + 2] as number, spans[k * SPAN + 3] as number);
		}
		headers.removeAt(k);
	}
	const { addedIds } = headers;
	for (let k = 0; k < addedIds.length; k++) {
		if (IS_HOP_BY_HOP[addedIds[k] as number] === 1) return stripAdded(headers);
	}
}

/** The same for fields that did not come as text (HTTP/2, filters). */
function stripAdded(headers: HeaderList): void {
	const options = headers.getAll('connection');
	for (const id of HOP_BY_HOP_IDS) headers.removeId(id);
	for (const value of options) removeNominated(headers, value, 0, value.length);
}

function removeNominated(headers: HeaderList, text: string, start: number, end: number): void {
	for (let from = start; from < end; ) {
		const comma = elementEnd(text, from, end);
		const first = skipWhitespace(text, from, comma);
		const last = trimEnd(text, first, comma);
		if (last > first && !isOption(text, first, last)) {
			const name = text.slice(first, last).toLowerCase();
			if (!PROTECTED.has(name)) headers.remove(name);
		}
		from = comma + 1;
	}
}

/** The usual options, which name no field or one that is removed anyway. */
function isOption(text: string, start: number, end: number): boolean {
	switch (end - start) {
		case 5:
			return equalsLower(text, start, end, 'close');
		case 7:
			return equalsLower(text, start, end, 'upgrade');
		case 10:
			return equalsLower(text, start, end, 'keep-alive');
		default:
			return false;
	}
}
