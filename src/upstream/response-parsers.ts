/**
 * Parsers of responses, lent to the connections that are being answered.
 *
 * Theory of operation. Most responses come whole in one read, so that one parser serves all connections of the process in turn. It and
 * its tables are then in the processor's caches, where those of fifty connections of their own would not be, and an idle
 * connection holds none. A connection keeps the parser until its response has ended; one that has failed is not given back.
 */
import type { HeadLimits } from '../http1/limits.ts';
import { ResponseParser, type ResponseVisitor } from '../http1/response-parser.ts';

/** More are left to the garbage collector: long answers of many connections at once are over some time. */
const MAX_FREE = 16;

const free: ResponseParser[] = [];

/** For the answer to a request of this method. */
export function takeParser(visitor: ResponseVisitor, limits: HeadLimits, method: string): ResponseParser {
	const parser = free.pop() ?? new ResponseParser(visitor, limits);
	parser.serve(visitor, limits);
	parser.expect(method);
	return parser;
}

/** Idle, and not being fed. */
export function giveParser(parser: ResponseParser): void {
	if (free.length < MAX_FREE) free.push(parser);
}
