/**
 * Many cases were written for parsers that do not look at `Host`. HTTP/1.1 requires it (RFC 9112 §3.2), so as they stand
 * they are all refused for that one reason. To hear what we think of the rest of them, a Host is put in.
 */

/** Host that is put in; nothing in the suites has it. */
export const SUITE_HOST = 'suite.example';

const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^ \r\n]+ HTTP\/1\.1\r\n/;

/** Whether the head at the start of the text is of HTTP/1.1, with a line end that we know, and has no Host of any spelling. */
function lacksHost(text: string): boolean {
	const end = text.indexOf('\r\n\r\n');
	const head = end < 0 ? text : text.slice(0, end);
	return REQUEST_LINE.test(text) && !/[\r\n][^\r\n:]*host[^\r\n:]*:/i.test(head);
}

/** The request with a Host when it has none; `null` when it needs none. Only the first head is looked at. */
export function withHost(bytes: Buffer): Buffer | null {
	const text = bytes.toString('latin1');
	if (!lacksHost(text)) return null;
	return Buffer.from(
		text.replace(REQUEST_LINE, (line) => `${line}Host: ${SUITE_HOST}\r\n`),
		'latin1',
	);
}

/** The same for pipelined requests: each head is found by its request line, so that bodies are left alone. */
export function withHosts(bytes: Buffer, requests: readonly { method: string; target: string }[]): Buffer {
	const text = bytes.toString('latin1');
	let out = '';
	let at = 0;
	for (const { method, target } of requests) {
		// A suite may expect another case of the method than it sends.
		const found = text.toLowerCase().indexOf(`${method} ${target} HTTP/1.1\r\n`.toLowerCase(), at);
		if (found < 0) continue;
		const head = text.slice(found);
		out += text.slice(at, found);
		at = found + head.indexOf('\r\n') + 2;
		out += text.slice(found, at) + (lacksHost(head) ? `Host: ${SUITE_HOST}\r\n` : '');
	}
	return Buffer.from(out + text.slice(at), 'latin1');
}
