/**
 * Cost of one head through the codec: parse, strip, write. `node bench/micro/head-parse.ts`
 * Each line is the best of several rounds, which is the least disturbed one on a shared machine.
 */
import { stripRequestHopByHop, stripResponseHopByHop } from '../../src/http/hop-by-hop.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';
import { writeRequestHead, writeResponseHead } from '../../src/http1/write-head.ts';

const ROUNDS = 100;
const ITERATIONS = 20_000;
/** The shared read buffer of the listener is of this order. */
const READ_BUFFER_BYTES = 65_536;

function run(name: string, fn: () => void): void {
	let best = Number.POSITIVE_INFINITY;
	for (let round = 0; round < ROUNDS; round++) {
		const start = process.hrtime.bigint();
		for (let i = 0; i < ITERATIONS; i++) fn();
		best = Math.min(best, Number(process.hrtime.bigint() - start) / ITERATIONS);
	}
	console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns`);
}

const MINIMAL = 'GET /api/items/42 HTTP/1.1\r\nHost: app.example:8080\r\n\r\n';
const SIX =
	'GET /api/items/42?verbose=1 HTTP/1.1\r\nHost: app.example:8080\r\nUser-Agent: curl/8.7.1\r\nAccept: */*\r\n' +
	'Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nX-Request-Id: 0b5c4f34-7d3e-4a0c-9d8b-1f2e3d4c5b6a\r\n\r\n';
const TEN =
	'GET /shop/cart HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n' +
	'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n' +
	'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n' +
	'Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nReferer: https://www.example.com/shop\r\n' +
	'Cookie: session=6f1c2e9a7b; theme=dark\r\nSec-Fetch-Mode: navigate\r\nUpgrade-Insecure-Requests: 1\r\n\r\n';
const EXPRESS =
	'HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 5\r\n' +
	'ETag: W/"64-abcdefghij"\r\nDate: Tue, 01 Jul 2025 10:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello';

const visitor = {
	onRequestHead(): void {},
	onInformational(): void {},
	onResponseHead(): void {},
	onBody(): void {},
	onMessageEnd(): void {},
	onParseError(error: { detail: string }): void {
		throw new Error(error.detail);
	},
};

function inReadBuffer(text: string): { buffer: Buffer; end: number } {
	const buffer = Buffer.alloc(READ_BUFFER_BYTES);
	return { buffer, end: buffer.write(text, 'latin1') };
}

for (const [name, text] of Object.entries({ '1 field': MINIMAL, '6 fields': SIX, '10 fields, browser': TEN })) {
	const { buffer, end } = inReadBuffer(text);
	const parser = new RequestParser(visitor, DEFAULT_HEAD_LIMITS);
	run(`request, ${name}, ${end} bytes: parse`, () => {
		parser.feed(buffer, 0, end);
	});
	run('    parse, strip, write', () => {
		parser.feed(buffer, 0, end);
		stripRequestHopByHop(parser.head);
		writeRequestHead(parser.head);
	});
	run('    parse in two pieces', () => {
		parser.feed(buffer, 0, end - 30);
		parser.feed(buffer, end - 30, end);
	});
}

const { buffer, end } = inReadBuffer(EXPRESS);
const parser = new ResponseParser(visitor, DEFAULT_HEAD_LIMITS);
const options = { clientVersion: 11, close: false, keepAliveTimeoutSeconds: 75 } as const;
run(`response, 7 fields, ${end} bytes: parse`, () => {
	parser.expect('GET');
	parser.feed(buffer, 0, end);
});
run('    parse, strip, write', () => {
	parser.expect('GET');
	parser.feed(buffer, 0, end);
	stripResponseHopByHop(parser.head);
	writeResponseHead(parser.head, options);
});
