/**
 * Parsers of responses, lent to the connections that are being answered.
 *
 * Theory of operation. Most responses come whole in one read, so that one parser serves all connections of the process in turn, and
 * an idle connection holds none. A connection keeps the parser until its response has ended; one that has failed is not given back.
 */
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../http1/limits.ts';
import { ResponseParser, type ResponseVisitor } from '../http1/response-parser.ts';
import { SPARE_PARSERS, Spares } from '../http1/spares.ts';

const NOBODY: ResponseVisitor = {
	onInformational: nothing,
	onResponseHead: nothing,
	onBody: nothing,
	onMessageEnd: nothing,
	onParseError: nothing,
};

function nothing(): void {
	// It is lent to nobody, so there is nothing to hear.
}

const spares = new Spares<ResponseParser>(SPARE_PARSERS);

/** For the answer to a request of this method. */
export function takeParser(visitor: ResponseVisitor, limits: HeadLimits, method: string): ResponseParser {
	const parser = spares.take() ?? new ResponseParser(visitor, limits);
	parser.serve(visitor, limits);
	parser.expect(method);
	return parser;
}

/** Idle, and not being fed. It keeps no connection from being collected. */
export function giveParser(parser: ResponseParser): void {
	parser.serve(NOBODY, DEFAULT_HEAD_LIMITS);
	spares.give(parser);
}
