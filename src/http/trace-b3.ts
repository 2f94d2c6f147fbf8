/** Zipkin's B3 propagation (github.com/openzipkin/b3-propagation), reading only: one `b3` field, or several `x-b3-*`. */
import { FieldId } from './field-id.ts';
import type { HeaderList } from './header-list.ts';

export interface B3 {
	/** 32 hex digits, shorter ones filled up from the left; `''` when only the decision to sample was said. */
	readonly traceId: string;
	readonly spanId: string;
	readonly sampled: boolean;
}

const TRACE_ID_DIGITS = 32;
const TRACE_ID = /^(?:[\da-f]{16}|[\da-f]{32})$/;
const SPAN_ID = /^[\da-f]{16}$/;
/** trace id, span id, then the decision (1, 0, or d for debug), then the parent's span. */
const SINGLE = /^([\da-f]{32}|[\da-f]{16})-([\da-f]{16})(?:-([01d])(?:-[\da-f]{16})?)?$/;
const ALL_ZERO = /^0+$/;

/** `null` when there is nothing valid. The single field wins over the several. */
export function parseB3(headers: HeaderList): B3 | null {
	const single = headers.first(FieldId.b3);
	if (single !== undefined) {
		const b3 = parseSingle(single.toLowerCase());
		if (b3 !== null) return b3;
	}
	const isSampled = isDecided(headers.first(FieldId.b3Sampled)) || headers.get('x-b3-flags') === '1';
	const traceId = headers.first(FieldId.b3TraceId)?.toLowerCase();
	const spanId = headers.first(FieldId.b3SpanId)?.toLowerCase();
	if (traceId === undefined || spanId === undefined) return { traceId: '', spanId: '', sampled: isSampled };
	if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return null;
	return withIds(traceId, spanId, isSampled);
}

function parseSingle(value: string): B3 | null {
	if (value === '0' || value === '1' || value === 'd') return { traceId: '', spanId: '', sampled: value !== '0' };
	const match = SINGLE.exec(value);
	if (match === null) return null;
	const decision = match[3];
	return withIds(match[1] ?? '', match[2] ?? '', decision === '1' || decision === 'd');
}

function withIds(traceId: string, spanId: string, sampled: boolean): B3 | null {
	if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return null;
	return { traceId: traceId.padStart(TRACE_ID_DIGITS, '0'), spanId, sampled };
}

/** Old tracers write booleans. */
function isDecided(value: string | undefined): boolean {
	return value === '1' || value === 'true';
}
