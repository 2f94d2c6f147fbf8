/** What a rule may do to a request by itself: answer it, or harm it on purpose. */
import {
	block,
	duration,
	EVEN_WITH_ISSUES,
	fault,
	fieldFacts,
	hasUnknownKey,
	integer,
	percentage,
	text,
} from './field.ts';
import { headerValues } from './header-edits.ts';

const MIN_STATUS = 200;
const MAX_STATUS = 599;
/** It is kept in memory for each rule, and sent in one write. */
const MAX_BODY_BYTES = 65_536;
/** RFC 9110 §6.4.1: these end with their head. */
const STATUSES_WITHOUT_BODY = new Set([204, 205, 304]);

export const directResponse = block({
	status: integer(MIN_STATUS, MAX_STATUS).prefault(200).describe('Status of the answer.'),
	body: text('text', 'text of at most 64KiB', /^[\s\S]*$/)
		.superRefine((body, context) => {
			if (new TextEncoder().encode(body).length <= MAX_BODY_BYTES) return;
			context.addIssue(fault(body, 'is too long', { expected: 'at most 64KiB' }));
		})
		.prefault('')
		.describe('Body of the answer.'),
	headers: headerValues('content-type').prefault([]).describe('Header fields of the answer.'),
}).superRefine(({ status, body }, context) => {
	if (!STATUSES_WITHOUT_BODY.has(status) || body === '') return;
	context.addIssue(fault(body, 'is never sent with this status', { expected: 'no body', path: ['body'] }));
}, EVEN_WITH_ISSUES);

export const faultInjection = block({
	delay: block({
		fixed: duration(1).describe('How long a request waits.'),
		percent: percentage().prefault(100).describe('Share of the requests that wait.'),
	})
		.optional()
		.describe('Lets requests wait before they go on.'),
	abort: block({
		status: integer(MIN_STATUS, MAX_STATUS).describe('Status of the answer.'),
		percent: percentage().prefault(100).describe('Share of the requests that are answered so.'),
	})
		.optional()
		.describe('Answers requests with an error instead of a backend.'),
})
	.superRefine((injection, context) => {
		if ('delay' in injection || 'abort' in injection || hasUnknownKey(context)) return;
		context.addIssue(fault(injection, 'has neither `delay` nor `abort`', { expected: 'at least one of them' }));
	}, EVEN_WITH_ISSUES)
	.register(fieldFacts, { noun: 'a mapping', expected: 'a mapping with `delay`, `abort`', showsOnlySet: true });
