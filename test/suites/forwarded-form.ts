/**
 * What would leave for the origin, judged by the independent reader: one request, read in one way only, the same as the
 * one that came in. This holds for everything that the parser accepts, whatever suite it is from.
 */
import { Framing, type RequestHead } from '../../src/http/head.ts';
import { stripRequestHopByHop } from '../../src/http/hop-by-hop.ts';
import { chunkHeader, LAST_CHUNK } from '../../src/http1/chunked-writer.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { writeRequestHead } from '../../src/http1/write-head.ts';
import { splitRequests } from '../support/wire-message.ts';

/** Serialises every whole request in the bytes as the proxy would, and says what is wrong with the result; `''` if nothing. */
export function problemOfForwarding(bytes: Buffer): string {
	let head = '';
	let framing: Framing = Framing.none;
	let body = '';
	let problem = '';
	let isOver = false;
	const parser = new RequestParser(
		{
			onRequestHead(parsed: RequestHead) {
				isOver = parsed.method === 'CONNECT' || parsed.upgrade !== '' || !parsed.keepAlive;
				framing = parsed.framing;
				stripRequestHopByHop(parsed);
				head = writeRequestHead(parsed);
				body = '';
			},
			onBody(buffer, start, end) {
				body += buffer.toString('latin1', start, end);
			},
			onMessageEnd() {
				const chunks = (body === '' ? '' : `${chunkHeader(body.length)}${body}\r\n`) + LAST_CHUNK;
				problem ||= problemOf(head, framing === Framing.chunked ? chunks : body, body);
			},
			onParseError() {},
		},
		DEFAULT_HEAD_LIMITS,
	);
	let at = 0;
	while (at < bytes.length && !isOver) {
		const next = parser.feed(bytes, at, bytes.length);
		if (next === at) break;
		at = next;
	}
	return problem;
}

function problemOf(head: string, payload: string, body: string): string {
	const { messages, rest, oddities } = splitRequests(Buffer.from(head + payload, 'latin1'));
	if (oddities.length > 0) return `forwarded with ${oddities.join(', ')}`;
	if (messages.length !== 1 || rest.length > 0)
		return `forwarded as ${messages.length} requests and ${rest.length} bytes`;
	return messages[0]?.body.toString('latin1') === body ? '' : 'forwarded with another body';
}
