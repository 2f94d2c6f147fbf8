/**
 * Runs the HTTP/1 parsers over bytes and writes down what they said, in a form that can be compared and printed.
 *
 * Each piece is fed from a scratch buffer that is overwritten afterwards, at an offset that is not zero: a parser that
 * keeps a borrowed slice, or confuses the buffer's start with the piece's, gives another transcript.
 */
import type { ProxyError } from '../../src/error.ts';
import { Framing, type RequestHead, type ResponseHead, TargetForm } from '../../src/http/head.ts';
import type { HeaderList } from '../../src/http/header-list.ts';
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';

/** Bytes before each piece in its scratch buffer. */
const SCRATCH_OFFSET = 7;
/** What a piece is overwritten with; no HTTP syntax has it. */
const SCRATCH_FILL = 0xee;

export type Field = readonly [name: string, value: string];

export interface HeardMessage {
	/** Lines that describe the head: see `describeRequest`, `describeResponse`. */
	head: string[];
	/** Request: method and target as received. Response: `''`. */
	method: string;
	target: string;
	status: number;
	fields: Field[];
	body: string;
	trailers: Field[];
	isComplete: boolean;
	/** The connection is not HTTP any more after it. */
	isTunnel: boolean;
}

export interface Transcript {
	messages: HeardMessage[];
	error: ProxyError | null;
	/** Bytes that the parser was not given: those after CONNECT, an upgrade, or a message that closes the connection. */
	rest: string;
	/** How it ended: between messages, or inside one. */
	state: 'idle' | 'unfinished';
}

/** Pieces of the given lengths' offsets; `[]` is the whole. */
export type Cuts = readonly number[];

export function readRequests(bytes: Buffer, cuts: Cuts = [], limits: HeadLimits = DEFAULT_HEAD_LIMITS): Transcript {
	const transcript: Transcript = { messages: [], error: null, rest: '', state: 'idle' };
	let isOver = false;
	const parser = new RequestParser(
		{
			onRequestHead(head) {
				const fields = fieldsOf(head.headers);
				transcript.messages.push({ ...blank(describeRequest(head), fields), method: head.method, target: head.target });
			},
			onBody: (buffer, start, end) => addBody(transcript, buffer, start, end),
			onMessageEnd(trailers) {
				complete(transcript, trailers);
				const { head } = parser;
				isOver = head.method === 'CONNECT' || head.upgrade !== '' || !head.keepAlive;
			},
			onParseError: (error) => noteError(transcript, error),
		},
		limits,
	);
	drive(
		transcript,
		bytes,
		cuts,
		() => isOver,
		(buffer, start, end) => parser.feed(buffer, start, end),
	);
	const last = transcript.messages.at(-1);
	const isBetween = last === undefined || last.isComplete;
	transcript.state = isBetween && (parser.isIdle || isOver) ? 'idle' : 'unfinished';
	return transcript;
}

/** Responses to requests with these methods, one after the other; `ended` closes the connection after the bytes. */
export function readResponses(
	bytes: Buffer,
	methods: readonly string[],
	ended: boolean,
	cuts: Cuts = [],
	limits: HeadLimits = DEFAULT_HEAD_LIMITS,
): Transcript {
	const transcript: Transcript = { messages: [], error: null, rest: '', state: 'idle' };
	let isOver = false;
	let answered = 0;
	const expectNext = () => {
		const method = methods[answered];
		if (method !== undefined) parser.expect(method);
	};
	const begin = (head: ResponseHead) => {
		const message = { ...blank(describeResponse(head), fieldsOf(head.headers)), status: head.status };
		transcript.messages.push(message);
		return message;
	};
	const parser = new ResponseParser(
		{
			onInformational(head) {
				begin(head).isComplete = true;
			},
			onResponseHead(head) {
				const isTunnel = head.status === 101 || (methods[answered] === 'CONNECT' && head.status < 300);
				begin(head).isTunnel = isTunnel;
				isOver = isTunnel || !head.keepAlive;
			},
			onBody: (buffer, start, end) => addBody(transcript, buffer, start, end),
			onMessageEnd(trailers) {
				complete(transcript, trailers);
				answered++;
			},
			onParseError: (error) => noteError(transcript, error),
		},
		limits,
	);
	let armed = -1;
	const isDone = () => {
		if (armed !== answered && !(isOver && answered > 0)) {
			armed = answered;
			expectNext();
		}
		return isOver && (transcript.messages.at(-1)?.isComplete ?? false);
	};
	drive(transcript, bytes, cuts, isDone, (buffer, start, end) => parser.feed(buffer, start, end));
	if (ended && transcript.error === null) parser.finish();
	transcript.state = transcript.messages.at(-1)?.isComplete === false || !parser.isIdle ? 'unfinished' : 'idle';
	return transcript;
}

function drive(
	transcript: Transcript,
	bytes: Buffer,
	cuts: Cuts,
	isOver: () => boolean,
	feed: (buffer: Buffer, start: number, end: number) => number,
): void {
	let at = 0;
	isOver();
	for (const pieceEnd of [...cuts, bytes.length]) {
		if (pieceEnd <= at) continue;
		const end = SCRATCH_OFFSET + pieceEnd - at;
		const scratch = Buffer.alloc(end + SCRATCH_OFFSET, SCRATCH_FILL);
		bytes.copy(scratch, SCRATCH_OFFSET, at, pieceEnd);
		let position = SCRATCH_OFFSET;
		while (position < end && transcript.error === null && !isOver()) {
			const before = transcript.messages.length;
			const next = feed(scratch, position, end);
			if (next < position || next > end) throw new Error(`feed(${position}, ${end}) returned ${next}`);
			if (next === position && transcript.messages.length === before && transcript.error === null) {
				throw new Error(`feed made no progress at byte ${at + position - SCRATCH_OFFSET}`);
			}
			position = next;
		}
		transcript.rest += transcript.error === null ? scratch.toString('latin1', position, end) : '';
		scratch.fill(SCRATCH_FILL);
		at = pieceEnd;
	}
	isOver();
}

function blank(head: string[], fields: Field[]): HeardMessage {
	return {
		head,
		method: '',
		target: '',
		status: 0,
		fields,
		body: '',
		trailers: [],
		isComplete: false,
		isTunnel: false,
	};
}

function open(transcript: Transcript): HeardMessage {
	const message = transcript.messages.at(-1);
	if (message === undefined || message.isComplete) throw new Error('a body or an end came outside of a message');
	return message;
}

function addBody(transcript: Transcript, buffer: Buffer, start: number, end: number): void {
	if (end <= start) throw new Error(`an empty body slice: ${start} to ${end}`);
	open(transcript).body += buffer.toString('latin1', start, end);
}

function complete(transcript: Transcript, trailers: HeaderList | null): void {
	const message = open(transcript);
	message.trailers = trailers === null ? [] : fieldsOf(trailers);
	message.isComplete = true;
}

function noteError(transcript: Transcript, error: ProxyError): void {
	if (transcript.error !== null) throw new Error('a second parse error');
	transcript.error = error;
}

function fieldsOf(list: HeaderList): Field[] {
	const fields: Field[] = [];
	list.forEach((name, value) => {
		fields.push([name, value]);
	});
	return fields;
}

function framingLine(framing: Framing, contentLength: number): string[] {
	switch (framing) {
		case Framing.none:
			return [];
		case Framing.length:
			return [`body: ${contentLength} bytes`];
		case Framing.chunked:
			return ['body: chunked'];
		case Framing.close:
			return ['body: until close'];
	}
}

/** What is not said has its default: path and query as in the target, no body, the connection stays, no upgrade. */
export function describeRequest(head: RequestHead): string[] {
	const lines = [
		`request ${head.method} ${head.target} HTTP/${(head.version / 10).toFixed(1)} for ${JSON.stringify(head.authority)}`,
	];
	if (head.path + head.query !== head.target) lines.push(`path: ${head.path}`, `query: ${head.query}`);
	if (head.targetForm !== TargetForm.origin) lines.push(`form: ${formName(head.targetForm)}`);
	lines.push(...framingLine(head.framing, head.contentLength));
	if (!head.keepAlive) lines.push('close');
	if (head.expectsContinue) lines.push('expects 100-continue');
	if (head.upgrade !== '') lines.push(`upgrade: ${head.upgrade}`);
	if (head.acceptsTrailers) lines.push('accepts trailers');
	return lines;
}

function formName(form: TargetForm): string {
	const [name = '?'] = Object.entries(TargetForm).find(([, value]) => value === form) ?? [];
	return name;
}

export function describeResponse(head: ResponseHead): string[] {
	const lines = [`response HTTP/${(head.version / 10).toFixed(1)} ${head.status} ${JSON.stringify(head.reason)}`];
	lines.push(...framingLine(head.framing, head.contentLength));
	if (!head.keepAlive) lines.push('close');
	if (head.keepAliveTimeout >= 0) lines.push(`idle: ${head.keepAliveTimeout} s`);
	if (head.upgrade !== '') lines.push(`upgrade: ${head.upgrade}`);
	return lines;
}

/** The transcript as lines, in the language of `test/corpus`. */
export function linesOf(transcript: Transcript): string[] {
	const lines = transcript.messages.flatMap((message) => [
		...message.head,
		...message.fields.map(([name, value]) => `field ${name}: ${value}`.trimEnd()),
		...(message.body === '' ? [] : [`data ${JSON.stringify(message.body)}`]),
		...message.trailers.map(([name, value]) => `trailer ${name}: ${value}`.trimEnd()),
		...(message.isComplete ? ['end'] : []),
	]);
	if (transcript.error !== null) return [...lines, `reject ${transcript.error.code}`];
	if (transcript.rest !== '') lines.push(`rest ${JSON.stringify(transcript.rest)}`);
	if (transcript.state === 'unfinished') lines.push('unfinished');
	return lines;
}
