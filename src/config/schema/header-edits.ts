/** Lists of header fields that the file writes, and the filters that edit them. */
import * as z from 'zod';
import { block, EVEN_WITH_ISSUES, fault, fieldFacts, listOf, text } from './field.ts';
import { expandNamedValues } from './named-values.ts';
import { HEADER_NAME } from './names.ts';

/** The Gateway API's bounds. */
const MAX_EDITS = 16;
/** As many as a request may have by default. */
const MAX_HEADERS = 100;
/** Printable ASCII: other bytes mean something else to each reader, and blanks at the ends are not part of a value. */
const HEADER_VALUE = /^(?=.{0,4096}$)([!-~]([ -~]*[!-~])?)?$/;

/** What frames a message or belongs to one connection (RFC 9110 §7.6.1): the codecs alone write these. */
const FIELDS_OF_THE_CONNECTION = new Set([
	'content-length',
	'transfer-encoding',
	'connection',
	'keep-alive',
	'proxy-connection',
	'te',
	'trailer',
	'upgrade',
	'http2-settings',
	// It goes on, but whether the body waits is decided here as well (RFC 9110 §10.1.1).
	'expect',
]);

export function isFieldOfTheConnection(name: string): boolean {
	return FIELDS_OF_THE_CONNECTION.has(name.toLowerCase());
}

const EXPECTED_END_TO_END = 'a field that goes from end to end';

const fieldName = text('a name', 'the name of a header', HEADER_NAME).superRefine((name, context) => {
	if (name.toLowerCase() === 'expect') {
		const message = 'is how client and backend agree when the body comes: without it one would wait for the other';
		context.addIssue(fault(name, message, { expected: EXPECTED_END_TO_END }));
	} else if (isFieldOfTheConnection(name)) {
		const message = 'is a field of the connection or of the length of the body: the sidecar alone writes those';
		context.addIssue(fault(name, message, { expected: EXPECTED_END_TO_END }));
	} else if (name.toLowerCase() === 'host') {
		const expected = '`type: URLRewrite` with `urlRewrite: { hostname: … }` to ask for another host';
		context.addIssue(fault(name, 'is the host of a request, which is not edited as a field', { expected }));
	}
});

function entryNamed(name: typeof fieldName) {
	return block({
		name: name.describe('Name of the header.'),
		value: text(
			'a value',
			'printable ASCII without blanks at its ends, at most 4096 characters',
			HEADER_VALUE,
		).describe('Its value.'),
	});
}

const editEntry = entryNamed(fieldName);

function valuesOf(entry: typeof editEntry, max: number, example: string) {
	return z.preprocess(expandNamedValues, listOf(entry, max)).register(fieldFacts, {
		noun: 'a list of headers',
		expected: `a list of at most ${max} such as \`[{ name: ${example}, value: "1" }]\`, or \`{ ${example}: "1" }\``,
		otherForms: [{ type: 'object', additionalProperties: { type: 'string' } }],
	});
}

/** Fields that go into a message, long or short. The names are not compared: callers know what may stand together. */
export function headerValues(example: string) {
	return valuesOf(editEntry, MAX_EDITS, example);
}

/** Fields of a message that is only thought of. */
export const anyHeaderValues = valuesOf(
	entryNamed(text('a name', 'the name of a header', HEADER_NAME)),
	MAX_HEADERS,
	'x-env',
);

/** Of several entries with one name, all but the first are faults: it would not be clear what happens. */
function checkOncePerName(list: unknown, path: readonly PropertyKey[], seen: Set<string>, context: Reporter): void {
	if (!Array.isArray(list)) return;
	for (const [index, entry] of list.entries()) {
		const name: unknown = typeof entry === 'string' ? entry : entry?.name;
		// What stands in a list of names twice is told by the list itself.
		if (typeof name !== 'string' || list.indexOf(entry) < index) continue;
		const inner = typeof entry === 'string' ? [] : ['name'];
		if (seen.has(name.toLowerCase())) {
			const details = { expected: 'one action for each name', path: [...path, index, ...inner] };
			context.addIssue(fault(name, 'is edited already', details));
		}
		seen.add(name.toLowerCase());
	}
}

interface Reporter {
	addIssue(issue: ReturnType<typeof fault>): void;
}

/** Of requests and of responses alike. */
export const headerModifier = block({
	set: headerValues('x-env').prefault([]).describe('Fields that replace all of their name.'),
	add: headerValues('x-env').prefault([]).describe('Fields that go after those of their name.'),
	remove: listOf(fieldName, MAX_EDITS).prefault([]).describe('Names of fields that are taken away.'),
}).superRefine((edits, context) => {
	const seen = new Set<string>();
	checkOncePerName(edits.set, ['set'], seen, context);
	checkOncePerName(edits.add, ['add'], seen, context);
	checkOncePerName(edits.remove, ['remove'], seen, context);
}, EVEN_WITH_ISSUES);
