import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyTrace, continueTrace } from '../../src/http/trace-context.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type Field, parsedHeaders, SHAPES } from './parsed-headers.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const PARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const WELL_FORMED = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-0[0-3]$/;

describe.each(SHAPES)('trace context (%s)', (_shape, build) => {
	const random = new SeededRandom(42);
	/** What goes out for a request with these fields. */
	function pass(fields: readonly Field[]) {
		const headers = build(fields);
		const trace = continueTrace(headers, random);
		applyTrace(headers, trace);
		const traceparents = headers.getAll('traceparent');
		expect(traceparents).toEqual([trace.traceparent]);
		expect(trace.traceparent).toMatch(WELL_FORMED);
		return { trace, state: headers.getAll('tracestate'), headers };
	}
	const isContinued = (fields: readonly Field[]) => pass(fields).trace.traceId === TRACE_ID;

	it('starts a trace with ids of its own, sampled so that the app keeps its traces', () => {
		const { trace } = pass([['accept', '*/*']]);
		expect(trace).toMatchObject({ parentSpanId: '', sampled: true, isW3c: false });
		expect(pass([]).trace.traceId).not.toBe(trace.traceId);
	});

	it('continues a trace under a span of its own, a new one each time', () => {
		const { trace } = pass([['traceparent', PARENT]]);
		expect(trace).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID, sampled: true });
		expect(trace.spanId).not.toBe(SPAN_ID);
		expect(pass([['traceparent', PARENT]]).trace.spanId).not.toBe(trace.spanId);
	});

	it.each([
		['00', '00'],
		['01', '01'],
		['02', '02'],
		['03', '03'],
		['ff', '03'],
		['fc', '00'],
	])('of the flags %s passes on %s', (given, passed) => {
		const { trace } = pass([['traceparent', `00-${TRACE_ID}-${SPAN_ID}-${given}`]]);
		expect(trace.traceparent.slice(-2)).toBe(passed);
	});

	it('lets somebody else decide to sample before the request goes on', () => {
		const headers = build([]);
		const trace = continueTrace(headers, random);
		trace.sampled = true;
		applyTrace(headers, trace);
		expect(headers.get('traceparent')).toMatch(/-01$/);
	});

	it('writes one traceparent however often it is applied', () => {
		const headers = build([['traceparent', PARENT]]);
		applyTrace(headers, continueTrace(headers, random));
		const last = continueTrace(headers, random);
		applyTrace(headers, last);
		expect(headers.getAll('traceparent')).toEqual([last.traceparent]);
	});

	it.each([
		[`01-${TRACE_ID}-${SPAN_ID}-01`, true],
		[`fe-${TRACE_ID}-${SPAN_ID}-01-more`, true],
		[`fe-${TRACE_ID}-${SPAN_ID}-01-`, true],
		[`fe-${TRACE_ID}-${SPAN_ID}-01more`, false],
		[`ff-${TRACE_ID}-${SPAN_ID}-01`, false],
		[`00-${TRACE_ID}-${SPAN_ID}-01-more`, false],
		[`00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`, false],
		[`00-${TRACE_ID}-${SPAN_ID}-0g`, false],
		['', false],
	])('%j is continued: %s', (value, continued) => {
		expect(isContinued([['traceparent', value]])).toBe(continued);
	});

	it('is continued by what has the form that the standard gives, and by nothing near it', () => {
		const FORM =
			/^(?:00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:-.*)?)$/;
		const version = fc.constantFrom('00', 'ff', '01', 'f0', '0f');
		const rest = fc.constantFrom('', '-', '-more', 'm');
		const edit = fc.tuple(fc.nat({ max: 56 }), fc.constantFrom('', '-', 'a', 'g', 'A', '/', ':', '`', '0', ' ', '-a'));
		fc.assert(
			fc.property(version, rest, fc.option(edit), (first, last, change) => {
				let value = `${first}-${TRACE_ID}-${SPAN_ID}-01${last}`;
				if (change !== null) value = value.slice(0, change[0]) + change[1] + value.slice(change[0] + 1);
				const { trace } = pass([['traceparent', value.trim()]]);
				expect(trace.isW3c, value).toBe(FORM.test(value.trim()));
			}),
			{ numRuns: 1000 },
		);
	});

	it('restarts when there are two, even equal ones', () => {
		expect(
			isContinued([
				['traceparent', PARENT],
				['traceparent', PARENT],
			]),
		).toBe(false);
	});

	it('leaves one valid tracestate line as it is', () => {
		const line = 'rojo=00f067aa0ba902b7 ,\tcongo=t61rcWkgMzE,,';
		const { state, headers } = pass([
			['traceparent', PARENT],
			['tracestate', line],
		]);
		expect(state).toEqual([line]);
		expect(headers.removedCount).toBeLessThanOrEqual(1);
	});

	it.each<[string, string[], string[]]>([
		['joins lines in order', ['a=1', '', 'b=2,c=3'], ['a=1,b=2,c=3']],
		['keeps a key that comes twice', ['a=1,a=2'], ['a=1,a=2']],
		['drops an empty line', [''], []],
		['drops an empty list', ['', ' , '], []],
		['drops the whole list for one bad member', ['a=1', 'B=2'], []],
		['drops a list of 33 members', [Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')], []],
		['drops a value that is too long', [`a=${'v'.repeat(257)}`], []],
		['keeps the longest value', [`a=${'v'.repeat(256)}`], [`a=${'v'.repeat(256)}`]],
		['drops a member without a value', ['a'], []],
	])('%s', (_name, lines, expected) => {
		const { state } = pass([['traceparent', PARENT], ...lines.map((line): Field => ['tracestate', line])]);
		expect(state).toEqual(expected);
	});

	it('drops tracestate with a traceparent that is missing or invalid', () => {
		expect(pass([['tracestate', 'a=1']]).state).toEqual([]);
		const { state } = pass([
			['traceparent', 'nonsense'],
			['tracestate', 'a=1'],
		]);
		expect(state).toEqual([]);
	});
});

describe('trace context from B3', () => {
	const random = new SeededRandom(7);
	const from = (fields: readonly Field[]) => continueTrace(parsedHeaders(fields), random);

	it.each([
		[`${TRACE_ID}-${SPAN_ID}-1`, TRACE_ID, true],
		[`${TRACE_ID}-${SPAN_ID}-d-${SPAN_ID}`, TRACE_ID, true],
		[`${TRACE_ID}-${SPAN_ID}-0`, TRACE_ID, false],
		[`${TRACE_ID}-${SPAN_ID}`, TRACE_ID, false],
		[`${TRACE_ID.slice(16)}-${SPAN_ID}-1`, `0000000000000000${TRACE_ID.slice(16)}`, true],
		[`${TRACE_ID.toUpperCase()}-${SPAN_ID}-1`, TRACE_ID, true],
	])('continues %s', (b3, traceId, sampled) => {
		expect(from([['b3', b3]])).toMatchObject({ traceId, parentSpanId: SPAN_ID, sampled });
	});

	it.each([
		`${TRACE_ID}-${SPAN_ID}-2`,
		`${TRACE_ID}`,
		`${'0'.repeat(32)}-${SPAN_ID}-1`,
		`${TRACE_ID}-${'0'.repeat(16)}-1`,
		'',
	])('starts anew for %j', (b3) => {
		expect(from([['b3', b3]])).toMatchObject({ parentSpanId: '', sampled: false });
	});

	it.each([
		['0', false],
		['1', true],
		['d', true],
	])('takes the decision alone: %s', (b3, sampled) => {
		expect(from([['b3', b3]])).toMatchObject({ parentSpanId: '', sampled });
	});

	it('continues several fields', () => {
		const ids: Field[] = [
			['X-B3-TraceId', TRACE_ID],
			['X-B3-SpanId', SPAN_ID],
		];
		expect(from(ids)).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID, sampled: false });
		expect(from([...ids, ['X-B3-Sampled', '1']])).toMatchObject({ traceId: TRACE_ID, sampled: true });
		expect(from([...ids, ['X-B3-Sampled', 'true']])).toMatchObject({ sampled: true });
		expect(from([...ids, ['X-B3-Flags', '1']])).toMatchObject({ sampled: true });
		expect(from([['X-B3-Sampled', '1']])).toMatchObject({ parentSpanId: '', sampled: true });
		expect(from([['X-B3-TraceId', 'xyz'], ids[1] as Field])).toMatchObject({ parentSpanId: '' });
	});

	it('prefers a valid traceparent, and uses B3 where that is invalid', () => {
		const b3: Field = ['b3', `${'a'.repeat(32)}-${SPAN_ID}-1`];
		expect(from([['traceparent', PARENT], b3]).traceId).toBe(TRACE_ID);
		expect(from([['traceparent', 'nonsense'], b3]).traceId).toBe('a'.repeat(32));
	});

	it('leaves the B3 fields as they came and drops tracestate', () => {
		const b3 = `${TRACE_ID}-${SPAN_ID}-1`;
		const headers = parsedHeaders([
			['b3', b3],
			['tracestate', 'a=1'],
		]);
		applyTrace(headers, continueTrace(headers, random));
		expect([headers.get('b3'), headers.has('tracestate')]).toEqual([b3, false]);
		expect(headers.get('traceparent')?.slice(3, 35)).toBe(TRACE_ID);
	});
});
