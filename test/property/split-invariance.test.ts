/**
 * However the bytes of a connection are cut, the parsers say the same: for whole messages, pipelines, and anything that
 * chance makes of them. And what is written is what was read.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripRequestHopByHop } from '../../src/http/hop-by-hop.ts';
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { writeRequestHead } from '../../src/http1/write-head.ts';
import { linesOf, readRequests, readResponses, type Transcript } from '../support/codec-transcript.ts';

const RUNS = 1500;
/** Small, so that chance runs into them. */
const TIGHT: HeadLimits = { headerBytes: 160, headers: 5, requestLineBytes: 40 };

const name = fc
	.stringMatching(/^[A-Za-z-]{1,12}$/)
	.filter((text) => !/^(host|te|connection|upgrade|expect|trailer)$/i.test(text));
const value = fc.stringMatching(/^(?:[!-~\xa0-\xff](?:[ \t!-~]{0,8}[!-~])?)?$/);
const field = fc.tuple(name, value);
const fieldLines = (fields: readonly (readonly [string, string])[]) =>
	fields.map(([n, v]) => `${n}: ${v}\r\n`).join('');

const path = fc.constantFrom('/', '/a/b?c=d', '/%41/../x', '/very/long/path/that/goes/on?and=on', 'http://b:1/x');
const data = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', '\r', '\n', '0', '\xff') });
const extension = fc.constantFrom('', ';a', ';a=b', ' ;\ta = "c;\\"d"');
const chunks = fc
	.array(fc.tuple(data, extension), { maxLength: 4 })
	.map((all) => all.map(([text, ext]) => `${text.length.toString(16)}${ext}\r\n${text}\r\n`).join(''));

/** Framing fields and a body that fits them. */
const body = fc.oneof(
	fc.constant(['', '']),
	data.map((text) => [`Content-Length: ${text.length}\r\n`, text]),
	fc
		.tuple(chunks, fc.array(field, { maxLength: 2 }))
		.map(([text, trailers]) => ['Transfer-Encoding: chunked\r\n', `${text}0\r\n${fieldLines(trailers)}\r\n`]),
);

const request = fc
	.tuple(fc.constantFrom('GET', 'POST', 'X-OTHER'), path, fc.array(field, { maxLength: 6 }), body)
	.map(
		([method, target, fields, [framing, content]]) =>
			`${method} ${target} HTTP/1.1\r\nHost: a\r\n${fieldLines(fields)}${framing}\r\n${content}`,
	);

const response = fc
	.tuple(
		fc.constantFrom('200 OK', '404 ', '304 Not Modified', '100 Continue', '103 X', '204 No Content'),
		fc.array(field, { maxLength: 6 }),
		body,
	)
	.map(([status, fields, [framing, content]]) =>
		/^(1|204|304)/.test(status)
			? `HTTP/1.1 ${status}\r\n${fieldLines(fields)}\r\n`
			: `HTTP/1.1 ${status}\r\n${fieldLines(fields)}${framing}\r\n${content}`,
	);

/** A few bytes replaced, removed or put in. */
const mutation = fc.array(
	fc.tuple(
		fc.nat(),
		fc.constantFrom(
			'',
			'\r',
			'\n',
			'\r\n',
			'\0',
			' ',
			':',
			'0',
			'f',
			';',
			'"',
			'\xff',
			'Content-Length: 3\r\n',
			'HTTP/1.0',
		),
		fc.nat(2),
	),
	{ maxLength: 3 },
);

function mutate(text: string, edits: readonly (readonly [number, string, number])[]): string {
	let out = text;
	for (const [at, put, remove] of edits) {
		const i = at % (out.length + 1);
		out = out.slice(0, i) + put + out.slice(i + remove);
	}
	return out;
}

const stream = (message: fc.Arbitrary<string>) =>
	fc
		.tuple(fc.array(message, { minLength: 1, maxLength: 3 }), mutation, fc.array(fc.nat(), { maxLength: 12 }))
		.map(([messages, edits, seeds]) => {
			const text = mutate(messages.join(''), edits);
			const cuts = [...new Set(seeds.map((seed) => seed % (text.length + 1)))].sort((a, b) => a - b);
			return { bytes: Buffer.from(text, 'latin1'), cuts };
		});

/** All that a transcript says, the words of the error included. */
function story(transcript: Transcript): string[] {
	return [...linesOf(transcript), transcript.error?.detail ?? ''];
}

function everywhere(bytes: Buffer): number[] {
	return Array.from(bytes, (_, i) => i);
}

describe.each([
	['the usual limits', DEFAULT_HEAD_LIMITS],
	['tight limits', TIGHT],
])('under %s', (_, limits) => {
	it('requests are the same however they are cut', () => {
		fc.assert(
			fc.property(stream(request), ({ bytes, cuts }) => {
				const whole = story(readRequests(bytes, [], limits));
				expect(story(readRequests(bytes, cuts, limits))).toEqual(whole);
				expect(story(readRequests(bytes, everywhere(bytes), limits))).toEqual(whole);
			}),
			{ numRuns: RUNS },
		);
	});

	it('responses are the same however they are cut', () => {
		const methods = ['GET', 'HEAD', 'GET'];
		fc.assert(
			fc.property(stream(response), fc.boolean(), ({ bytes, cuts }, ended) => {
				const whole = story(readResponses(bytes, methods, ended, [], limits));
				expect(story(readResponses(bytes, methods, ended, cuts, limits))).toEqual(whole);
				expect(story(readResponses(bytes, methods, ended, everywhere(bytes), limits))).toEqual(whole);
			}),
			{ numRuns: RUNS },
		);
	});
});

describe('any bytes at all', () => {
	it('end in messages or in one error, never in an exception', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
				const bytes = Buffer.from(noise);
				expect(story(readRequests(bytes, everywhere(bytes)))).toEqual(story(readRequests(bytes)));
				expect(story(readResponses(bytes, ['GET'], true, everywhere(bytes)))).toEqual(
					story(readResponses(bytes, ['GET'], true)),
				);
			}),
			{ numRuns: RUNS },
		);
	});
});

describe('writing what was read', () => {
	it('keeps names, values, order, case and duplicates', () => {
		fc.assert(
			fc.property(fc.array(field, { maxLength: 30 }), (fields) => {
				const sent = `GET /x HTTP/1.1\r\nHost: a\r\n${fieldLines(fields)}\r\n`;
				const parser = new RequestParser(
					{ onRequestHead() {}, onBody() {}, onMessageEnd() {}, onParseError: (error) => expect.fail(error.detail) },
					DEFAULT_HEAD_LIMITS,
				);
				parser.feed(Buffer.from(sent, 'latin1'), 0, sent.length);
				stripRequestHopByHop(parser.head);
				const written = Buffer.from(writeRequestHead(parser.head), 'latin1');
				const [message] = readRequests(written).messages;
				const passed = fields.filter(([n]) => !/^(keep-alive|proxy-connection)$/i.test(n));
				expect(message?.fields).toEqual([['Host', 'a'], ...passed]);
			}),
			{ numRuns: RUNS },
		);
	});

	it('reaches a form that stays: forwarding it again changes nothing', () => {
		const forward = (text: string): string | null => {
			let out: string | null = null;
			const parser = new RequestParser(
				{
					onRequestHead(head) {
						stripRequestHopByHop(head);
						out ??= writeRequestHead(head);
					},
					onBody() {},
					onMessageEnd() {},
					onParseError() {},
				},
				DEFAULT_HEAD_LIMITS,
			);
			const bytes = Buffer.from(text, 'latin1');
			parser.feed(bytes, 0, bytes.length);
			return out;
		};
		fc.assert(
			fc.property(request, mutation, (text, edits) => {
				const once = forward(mutate(text, edits));
				if (once === null) return;
				const twice = forward(once);
				expect(twice?.toLowerCase()).toBe(once.toLowerCase());
			}),
			{ numRuns: RUNS },
		);
	});
});
