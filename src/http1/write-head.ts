/**
 * Heads to text (latin1, empty line included). Untouched lines are not written field by field: runs of them are cut out
 * of the text that came in, so order, case and duplicates are kept for free. Framing and `Connection` are this hop's own:
 * they are made from the head, never copied.
 *
 * A line is written with the CRLF before it, not behind: its name then comes with both as one string that is there already. Each
 * piece that is joined costs as much as a field that is looked up.
 */
import { FIELD_NAMES, FieldId } from '../http/field-id.ts';
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

/** What stands before the value of a known field. */
const LINE_STARTS: readonly string[] = FIELD_NAMES.map((name) => `\r\n${name}: `);
const CRLF_BYTES = 2;

/** Hop-by-hop fields must have been stripped (`http/hop-by-hop.ts`). */
export function writeRequestHead(head: RequestHead): string {
	const { headers } = head;
	const ownHost = head.targetForm === TargetForm.absolute || !headers.hasId(FieldId.host);
	let text = `${head.method} ${targetOf(head)} HTTP/1.1`;
	// RFC 9112 §3.2: exactly one, even an empty one, and first.
	if (ownHost) text += `\r\nhost: ${head.authority}`;
	text += writeFields(headers, ownHost ? FieldId.host : 0, unwantedLength(headers, head.framing));
	text += writeFraming(headers, head.framing, head.contentLength);
	if (head.upgrade !== '') {
		text += head.acceptsTrailers
			? `\r\nconnection: upgrade, TE\r\nupgrade: ${head.upgrade}\r\nte: trailers`
			: `\r\nconnection: upgrade\r\nupgrade: ${head.upgrade}`;
	} else if (head.acceptsTrailers) text += '\r\nconnection: TE\r\nte: trailers';
	return `${text}\r\n\r\n`;
}

function targetOf(head: RequestHead): string {
	if (head.targetForm === TargetForm.authority) return head.authority;
	return head.query === '' ? head.path : head.path + head.query;
}

/** Hop-by-hop fields must have been stripped. The caller closes where the body is then delimited by that. */
export function writeResponseHead(head: ResponseHead, options: ResponseWriteOptions): string {
	const { headers, status } = head;
	const text = statusLine(head);
	if (status < 200) {
		const fields = writeFields(headers, 0, 0);
		return status === 101
			? `${text}${fields}\r\nconnection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`
			: `${text}${fields}\r\n\r\n`;
	}
	const isOld = options.clientVersion === 10;
	// HTTP/1.0 has no chunked coding (RFC 9112 §6.1): the end of the connection is the end of the body.
	const untilClose = head.framing === Framing.close || (head.framing === Framing.chunked && isOld);
	const framing = untilClose ? Framing.close : head.framing;
	const fields =
		writeFields(headers, 0, unwantedLength(headers, framing)) + writeFraming(headers, framing, head.contentLength);
	return text + fields + persistence(untilClose || options.close, isOld, options.keepAliveTimeoutSeconds);
}

function statusLine({ status, reason }: ResponseHead): string {
	return status === 200 && reason === 'OK' ? 'HTTP/1.1 200 OK' : `HTTP/1.1 ${status} ${reason}`;
}

/** The last of them, for it is the same all the time. */
let keptAliveFor = 0;
let keepAlive = '';

/** And the empty line. `Keep-Alive` is hop-by-hop, so `Connection` names it wherever it stands. */
function persistence(close: boolean, isOld: boolean, timeoutSeconds: number): string {
	if (close) return '\r\nconnection: close\r\n\r\n';
	if (timeoutSeconds === 0) return isOld ? '\r\nconnection: keep-alive\r\n\r\n' : '\r\n\r\n';
	if (timeoutSeconds !== keptAliveFor) {
		keptAliveFor = timeoutSeconds;
		keepAlive = `\r\nconnection: keep-alive\r\nkeep-alive: timeout=${timeoutSeconds}\r\n\r\n`;
	}
	return keepAlive;
}

/** Id of the field that contradicts this framing, if the list has it. */
function unwantedLength(headers: HeaderList, framing: Framing): number {
	if (framing !== Framing.chunked && framing !== Framing.close) return 0;
	return headers.hasId(FieldId.contentLength) ? FieldId.contentLength : 0;
}

function writeFraming(headers: HeaderList, framing: Framing, contentLength: number): string {
	if (framing === Framing.chunked) return '\r\ntransfer-encoding: chunked';
	if (framing === Framing.length && !headers.hasId(FieldId.contentLength)) {
		return `\r\ncontent-length: ${contentLength}`;
	}
	return '';
}

/** All live fields but those of two ids (0: none). Parsed ones follow a start line. */
function writeFields(headers: HeaderList, skipped: number, skippedToo: number): string {
	const { text, added, addedIds } = headers;
	let out = '';
	if (headers.parsed > 0) {
		if (headers.removedCount === 0 && skipped === 0 && skippedToo === 0)
			out = text.slice(headers.textStart - CRLF_BYTES, headers.textEnd - CRLF_BYTES);
		else out = writeRuns(headers, skipped, skippedToo);
	}
	for (let k = 0; k < addedIds.length; k++) {
		const id = addedIds[k] as number;
		if (id !== 0 && (id === skipped || id === skippedToo)) continue;
		const name = added[k * 2] as string;
		const value = added[k * 2 + 1] as string;
		out += name === FIELD_NAMES[id] ? (LINE_STARTS[id] as string) + value : `\r\n${name}: ${value}`;
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
			if (runStart < 0) runStart = (spans[o] as number) - CRLF_BYTES;
		} else if (runStart >= 0) {
			out += text.slice(runStart, lineEnd(headers, k - 1));
			runStart = -1;
		}
	}
	return runStart < 0 ? out : out + text.slice(runStart, headers.textEnd - CRLF_BYTES);
}

/** Offset of the CRLF behind a parsed field's line; only blanks can stand between its value and that. */
function lineEnd(headers: HeaderList, index: number): number {
	return headers.text.indexOf('\r', headers.spans[index * SPAN + 3] as number);
}
