/**
 * Heads to text (latin1, empty line included). Untouched lines are not written field by field: runs of them are cut out
 * of the text that came in, so order, case and duplicates are kept for free. Framing and `Connection` are this hop's own:
 * they are made from the head, never copied.
 */
import { FieldId } from '../http/field-id.ts';
import type { HttpVersion, RequestHead, ResponseHead } from '../http/head.ts';
import { Framing, TargetForm } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { SPAN } from '../http/header-list.ts';

export interface ResponseWriteOptions {
	clientVersion: HttpVersion;
	/** Say `connection: close`. */
	close: boolean;
	/** Advertise `keep-alive: timeout=N` when not closing; 0 leaves it out. */
	keepAliveTimeoutSeconds: number;
}

/** Hop-by-hop fields must have been stripped (`http/hop-by-hop.ts`). */
export function writeRequestHead(head: RequestHead): string {
	const { headers } = head;
	const ownHost = head.targetForm === TargetForm.absolute || !headers.hasId(FieldId.host);
	let text = `${head.method} ${targetOf(head)} HTTP/1.1\r\n`;
	// RFC 9112 §3.2: exactly one, even an empty one, and first.
	if (ownHost) text += `host: ${head.authority}\r\n`;
	text += writeFields(headers, ownHost ? FieldId.host : 0, unwantedLength(headers, head.framing));
	text += writeFraming(headers, head.framing, head.contentLength);
	if (head.upgrade !== '') {
		text += head.acceptsTrailers
			? `connection: upgrade, TE\r\nupgrade: ${head.upgrade}\r\nte: trailers\r\n`
			: `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
	} else if (head.acceptsTrailers) text += 'connection: TE\r\nte: trailers\r\n';
	return `${text}\r\n`;
}

function targetOf(head: RequestHead): string {
	if (head.targetForm === TargetForm.authority) return head.authority;
	return head.query === '' ? head.path : head.path + head.query;
}

/** Hop-by-hop fields must have been stripped. The caller closes where the body is then delimited by that. */
export function writeResponseHead(head: ResponseHead, options: ResponseWriteOptions): string {
	const { headers, status } = head;
	const text = `HTTP/1.1 ${status} ${head.reason}\r\n`;
	if (status < 200) {
		const fields = writeFields(headers, 0, 0);
		return status === 101
			? `${text}${fields}connection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`
			: `${text}${fields}\r\n`;
	}
	const isOld = options.clientVersion === 10;
	// HTTP/1.0 has no chunked coding (RFC 9112 §6.1): the end of the connection is the end of the body.
	const untilClose = head.framing === Framing.close || (head.framing === Framing.chunked && isOld);
	const framing = untilClose ? Framing.close : head.framing;
	const fields =
		writeFields(headers, 0, unwantedLength(headers, framing)) + writeFraming(headers, framing, head.contentLength);
	return `${text}${fields}${persistence(untilClose || options.close, isOld, options.keepAliveTimeoutSeconds)}\r\n`;
}

/** `Keep-Alive` is hop-by-hop, so `Connection` names it wherever it stands. */
function persistence(close: boolean, isOld: boolean, timeoutSeconds: number): string {
	if (close) return 'connection: close\r\n';
	if (timeoutSeconds > 0) return `connection: keep-alive\r\nkeep-alive: timeout=${timeoutSeconds}\r\n`;
	return isOld ? 'connection: keep-alive\r\n' : '';
}

/** Id of the field that contradicts this framing, if the list has it. */
function unwantedLength(headers: HeaderList, framing: Framing): number {
	if (framing !== Framing.chunked && framing !== Framing.close) return 0;
	return headers.hasId(FieldId.contentLength) ? FieldId.contentLength : 0;
}

function writeFraming(headers: HeaderList, framing: Framing, contentLength: number): string {
	if (framing === Framing.chunked) return 'transfer-encoding: chunked\r\n';
	if (framing === Framing.length && !headers.hasId(FieldId.contentLength)) {
		return `content-length: ${contentLength}\r\n`;
	}
	return '';
}

/** All live fields but those of two ids (0: none). */
function writeFields(headers: HeaderList, skipped: number, skippedToo: number): string {
	const { text, added, addedIds } = headers;
	let out = '';
	if (headers.parsed > 0) {
		if (headers.removedCount === 0 && skipped === 0 && skippedToo === 0)
			out = text.slice(headers.textStart, headers.textEnd);
		else out = writeRuns(headers, skipped, skippedToo);
	}
	for (let k = 0; k < addedIds.length; k++) {
		const id = addedIds[k] as number;
		if (id !== 0 && (id === skipped || id === skippedToo)) continue;
		out += `${added[k * 2] as string}: ${added[k * 2 + 1] as string}\r\n`;
	}
	return out;
}

function writeRuns(headers: HeaderList, skipped: number, skippedToo: number): string {
	const { text, spans, parsed } = headers;
	let out = '';
	let runStart = -1;
	for (let k = 0, o = 0; k < parsed; k++, o += SPAN) {
		const id = spans[o + 4] as number;
		const isLive = spans[o] !== -1 && (id === 0 || (id !== skipped && id !== skippedToo));
		if (isLive) {
			if (runStart < 0) runStart = spans[o] as number;
		} else if (runStart >= 0) {
			out += text.slice(runStart, lineEnd(headers, k - 1));
			runStart = -1;
		}
	}
	return runStart < 0 ? out : out + text.slice(runStart, headers.textEnd);
}

/** Offset after the CRLF of a parsed field's line; only blanks can stand between its value and that. */
function lineEnd(headers: HeaderList, index: number): number {
	return headers.text.indexOf('\n', headers.spans[index * SPAN + 3] as number) + 1;
}
