/**
 * What would leave on the other side, judged by the independent reader: one message, read in one way only, with the body
 * of the one that came in. This holds for everything that the parsers accept.
 */
import { Framing } from '../../src/http/head.ts';
import { stripRequestHopByHop, stripResponseHopByHop } from '../../src/http/hop-by-hop.ts';
import { chunkHeader, LAST_CHUNK, writeTrailers } from '../../src/http1/chunked-writer.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';
import { writeRequestHead, writeResponseHead } from '../../src/http1/write-head.ts';
import { splitRequests, splitResponses, type WireSplit } from './wire-message.ts';

/** Serialises every whole request in the bytes as the proxy would, and says what is wrong with the result; `''` if nothing. */
export function problemOfForwarding(bytes: Buffer): string {
	const wire = new Wire((text) => splitRequests(Buffer.from(text, 'latin1')));
	let isOver = false;
	const parser = new RequestParser(
		{
			onRequestHead(head) {
				isOver = head.method === 'CONNECT' || head.upgrade !== '' || !head.keepAlive;
				stripRequestHopByHop(head);
				wire.begin(writeRequestHead(head), head.framing);
			},
			onBody: (buffer, start, end) => wire.add(buffer.toString('latin1', start, end)),
			onMessageEnd: (trailers) => wire.end(trailers === null ? LAST_CHUNK : writeTrailers(trailers)),
			onParseError() {},
		},
		DEFAULT_HEAD_LIMITS,
	);
	for (let at = 0; at < bytes.length && !isOver; ) {
		const next = parser.feed(bytes, at, bytes.length);
		if (next === at) break;
		at = next;
	}
	return wire.problem;
}

/** The same for responses to these methods. */
export function problemOfAnswering(bytes: Buffer, methods: readonly string[], ended: boolean): string {
	let answered = 0;
	let isOver = false;
	const options = { clientVersion: 11, close: false, keepAliveTimeoutSeconds: 5 } as const;
	const wire = new Wire((text) => splitResponses(Buffer.from(text, 'latin1'), [methods[answered] ?? ''], true));
	const parser = new ResponseParser(
		{
			onInformational(head) {
				stripResponseHopByHop(head);
				wire.begin(writeResponseHead(head, options), head.framing);
				wire.end('');
			},
			onResponseHead(head) {
				isOver = head.status === 101 || !head.keepAlive;
				stripResponseHopByHop(head);
				wire.begin(writeResponseHead(head, options), head.framing);
			},
			onBody: (buffer, start, end) => wire.add(buffer.toString('latin1', start, end)),
			onMessageEnd(trailers) {
				wire.end(trailers === null ? LAST_CHUNK : writeTrailers(trailers));
				isOver ||= methods[answered] === 'CONNECT';
				answered++;
			},
			onParseError() {
				isOver = true;
			},
		},
		DEFAULT_HEAD_LIMITS,
	);
	let armed = -1;
	for (let at = 0; at < bytes.length && answered < methods.length; ) {
		if (armed !== answered) parser.expect(methods[answered] ?? '');
		armed = answered;
		const next = parser.feed(bytes, at, bytes.length);
		if (next === at || (isOver && parser.isIdle)) break;
		at = next;
	}
	if (ended) parser.finish();
	return wire.problem;
}

/** The outgoing bytes of one message at a time. */
class Wire {
	problem = '';
	private readonly read: (text: string) => WireSplit;
	private head = '';
	private body = '';
	private framing: Framing = Framing.none;

	constructor(read: (text: string) => WireSplit) {
		this.read = read;
	}

	begin(head: string, framing: Framing): void {
		this.head = head;
		this.framing = framing;
		this.body = '';
	}

	add(data: string): void {
		this.body += data;
	}

	end(lastChunk: string): void {
		const { head, body } = this;
		const chunk = body === '' ? '' : `${chunkHeader(body.length)}${body}\r\n`;
		const payload = this.framing === Framing.chunked ? chunk + lastChunk : body;
		this.problem ||= this.problemOf(head + payload);
	}

	private problemOf(text: string): string {
		const { messages, rest, oddities } = this.read(text);
		if (oddities.length > 0) return `sent on with ${oddities.join(', ')}`;
		if (messages.length !== 1 || rest.length > 0)
			return `sent on as ${messages.length} messages and ${rest.length} bytes`;
		return messages[0]?.body.toString('latin1') === this.body ? '' : 'sent on with another body';
	}
}
