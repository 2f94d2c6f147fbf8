/**
 * Trace propagation: W3C Trace Context (levels 1 and 2), and Zipkin's B3 as a second language that is understood but not
 * spoken. A request that is part of a trace goes on with it, under a span id of ours; any other starts one.
 *
 * `tracestate` belongs to the `traceparent` beside it: it goes on only with a valid one, whole or not at all. B3 fields
 * stay as they came.
 */
import type { Random } from '../clock.ts';
import { FieldId } from './field-id.ts';
import { type HeaderList, SPAN } from './header-list.ts';
import { parseB3 } from './trace-b3.ts';
import { joinTracestate } from './trace-state.ts';

const TRACE_ID_DIGITS = 32;
const SPAN_ID_BYTES = 8;
/**
 * A trace that starts here says yes: tracers follow their parent's decision by default, so a no would silently end the
 * traces of an unchanged app. Whoever samples here overrides it before `applyTrace`.
 */
const STARTS_SAMPLED = true;
/** A trace id and a span id are drawn together. */
const NEW_TRACE_BYTES = 24;
const FLAG_SAMPLED = 1;
/** Level 2: the trace id is random enough to sample by. */
const FLAG_RANDOM = 2;
/** As they are written: both flags, either, none. */
const FLAGS: readonly string[] = ['-00', '-01', '-02', '-03'];
/** Offsets in a `traceparent`: 2 digits of version, 32 of trace, 16 of span, 2 of flags. */
const VERSION_END = 2;
const TRACE_ID_AT = 3;
const SPAN_ID_AT = 36;
const FLAGS_AT = 53;
const LENGTH = 55;
const DASH = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_A = 0x61;
const LETTER_F = 0x66;
const ZERO_TRACE_ID = '0'.repeat(TRACE_ID_DIGITS);
const ZERO_SPAN_ID = '0'.repeat(SPAN_ID_BYTES * 2);

/** Which trace fields a head has, as bits. */
const HAS_TRACEPARENT = 1;
const HAS_TRACESTATE = 2;
const HAS_B3 = 4;

/** The place of one exchange in a trace. */
export class TraceContext {
	/** 32 hex digits, not all zero. */
	readonly traceId: string;
	/** Span of whoever called; `''` when the trace starts here. */
	readonly parentSpanId: string;
	/** Our own span. */
	readonly spanId: string;
	/** The trace is recorded. A trace that starts here is not, until somebody decides otherwise. */
	sampled: boolean;
	/** Level 2's random flag, as the caller said. */
	readonly isRandom: boolean;
	/** It came by a valid `traceparent`, so its `tracestate` goes on. */
	readonly isW3c: boolean;

	constructor(
		traceId: string,
		parentSpanId: string,
		spanId: string,
		sampled: boolean,
		isRandom: boolean,
		isW3c: boolean,
	) {
		this.traceId = traceId;
		this.parentSpanId = parentSpanId;
		this.spanId = spanId;
		this.sampled = sampled;
		this.isRandom = isRandom;
		this.isW3c = isW3c;
	}

	/** Value of `traceparent` for whoever is called next. */
	get traceparent(): string {
		const flags = (this.sampled ? FLAG_SAMPLED : 0) | (this.isRandom ? FLAG_RANDOM : 0);
		return `00-${this.traceId}-${this.spanId}${FLAGS[flags] as string}`;
	}
}

/** The trace that a request belongs to: W3C, else B3, else a new one. Always with a new span id. */
export function continueTrace(headers: HeaderList, random: Random): TraceContext {
	const present = presentFields(headers);
	if ((present & HAS_TRACEPARENT) !== 0) {
		const trace = fromTraceparent(headers, random);
		if (trace !== null) return trace;
	}
	if ((present & HAS_B3) !== 0) {
		const b3 = parseB3(headers);
		if (b3 !== null) {
			if (b3.traceId === '') return startTrace(random, b3.sampled);
			return new TraceContext(b3.traceId, b3.spanId, random.hex(SPAN_ID_BYTES), b3.sampled, false, false);
		}
	}
	return startTrace(random, STARTS_SAMPLED);
}

/** Writes the trace into a request that goes on. */
export function applyTrace(headers: HeaderList, trace: TraceContext): void {
	const present = presentFields(headers);
	if ((present & HAS_TRACEPARENT) !== 0) headers.removeId(FieldId.traceparent);
	headers.appendId(FieldId.traceparent, trace.traceparent);
	if ((present & HAS_TRACESTATE) === 0) return;
	const lines = headers.getAll('tracestate');
	const state = trace.isW3c ? joinTracestate(lines) : '';
	if (state !== '' && lines.length === 1) return;
	headers.removeId(FieldId.tracestate);
	if (state !== '') headers.appendId(FieldId.tracestate, state);
}

function startTrace(random: Random, sampled: boolean): TraceContext {
	const digits = random.hex(NEW_TRACE_BYTES);
	return new TraceContext(digits.slice(0, TRACE_ID_DIGITS), '', digits.slice(TRACE_ID_DIGITS), sampled, false, false);
}

/** `null` when there is not exactly one valid value: the trace is restarted (§4.3). */
function fromTraceparent(headers: HeaderList, random: Random): TraceContext | null {
	const { parsed, spans, text } = headers;
	const place = headers.nextPlace(FieldId.traceparent, 'traceparent', 0);
	if (headers.nextPlace(FieldId.traceparent, 'traceparent', place + 1) >= 0) return null;
	// Within the text of the head: a value by itself is a view of that, and each look at it a detour.
	if (place < parsed)
		return parseTraceparent(text, spans[place * SPAN + 2] as number, spans[place * SPAN + 3] as number, random);
	const value = headers.valueIn(place);
	return parseTraceparent(value, 0, value.length, random);
}

function parseTraceparent(text: string, start: number, end: number, random: Random): TraceContext | null {
	if (!isTraceparent(text, start, end)) return null;
	const traceId = text.slice(start + TRACE_ID_AT, start + TRACE_ID_AT + TRACE_ID_DIGITS);
	const parentSpanId = text.slice(start + SPAN_ID_AT, start + FLAGS_AT - 1);
	if (traceId === ZERO_TRACE_ID || parentSpanId === ZERO_SPAN_ID) return null;
	const flags = hexDigit(text.charCodeAt(start + LENGTH - 1));
	const isSampled = (flags & FLAG_SAMPLED) !== 0;
	const isRandom = (flags & FLAG_RANDOM) !== 0;
	return new TraceContext(traceId, parentSpanId, random.hex(SPAN_ID_BYTES), isSampled, isRandom, true);
}

/** Its form. A version later than 00 may go on after another `-` (§3.2.4 "Versioning of traceparent"); ff is none. */
function isTraceparent(text: string, start: number, end: number): boolean {
	if (end - start < LENGTH) return false;
	for (let i = 0; i < LENGTH; i++) {
		const c = text.charCodeAt(start + i);
		const isDashed = i === VERSION_END || i === SPAN_ID_AT - 1 || i === FLAGS_AT - 1;
		if (isDashed ? c !== DASH : hexDigit(c) < 0) return false;
	}
	if (text.startsWith('ff', start)) return false;
	return end - start === LENGTH || (!text.startsWith('00', start) && text.charCodeAt(start + LENGTH) === DASH);
}

/** Of a lower-case digit; -1: it is none. */
function hexDigit(c: number): number {
	if (c >= DIGIT_0 && c <= DIGIT_9) return c - DIGIT_0;
	return c >= LETTER_A && c <= LETTER_F ? c - LETTER_A + 10 : -1;
}

/** One pass over the head, because most requests have none of the fields. */
function presentFields(headers: HeaderList): number {
	const { spans, parsed, addedIds } = headers;
	let present = 0;
	for (let i = 0; i < parsed; i++) {
		const id = spans[i * SPAN + 4] as number;
		// The ids of the trace fields lie close together: one comparison passes over nearly all others.
		if (id >= FieldId.traceparent && (spans[i * SPAN] as number) >= 0) present |= fieldBit(id);
	}
	for (let k = 0; k < addedIds.length; k++) present |= fieldBit(addedIds[k] as number);
	return present;
}

function fieldBit(id: number): number {
	switch (id) {
		case FieldId.traceparent:
			return HAS_TRACEPARENT;
		case FieldId.tracestate:
			return HAS_TRACESTATE;
		case FieldId.b3:
		case FieldId.b3TraceId:
		case FieldId.b3Sampled:
			return HAS_B3;
		default:
			return 0;
	}
}
