/** When an endpoint that fails is left out for a while. */
import type * as z from 'zod';
import { block, duration, EVEN_WITH_ISSUES, fault, integer, orOff, percentage, share } from './field.ts';

const MAX_COUNT = 999_999;
/** The window is cut into ten buckets; below this they would be shorter than the timers' resolution. */
const MIN_WINDOW_MS = 100;
const MIN_INTERVAL_MS = 100;
const MAX_EJECTION = '300s';

const successRate = block({
	below: share().prefault(0.8).describe('Share of successes below which an endpoint is ejected.'),
	window: duration(MIN_WINDOW_MS).prefault('10s').describe('Length of the window in which it is counted.'),
	minRequests: integer(1, MAX_COUNT).prefault(20).describe('Requests to an endpoint in the window before it counts.'),
});

const outlierBlock = block({
	consecutiveErrors: integer(0, MAX_COUNT)
		.prefault(5)
		.describe('Failures without a success between them that eject an endpoint. `0`: off.'),
	successRate: successRate
		.optional()
		.describe('Ejects an endpoint by its share of successes as well. Default: off; `{}` has the defaults here.'),
	interval: duration(MIN_INTERVAL_MS)
		.prefault('10s')
		.describe('Time between two looks at the shares, and at who may come back.'),
	baseEjection: duration(1).prefault('30s').describe('How long an ejection lasts; times their number in a row.'),
	maxEjection: duration(1).prefault(MAX_EJECTION).describe('Longest time that an ejection lasts.'),
	maxEjectionPercent: percentage()
		.prefault(50)
		.describe('Most endpoints that are ejected at a time; one is always left.'),
}).superRefine((detection, context) => {
	const { baseEjection, maxEjection } = detection;
	// What is no duration is told as that.
	if (typeof baseEjection !== 'number' || typeof maxEjection !== 'number' || baseEjection <= maxEjection) return;
	const details = { expected: `at most \`maxEjection\`, which is ${MAX_EJECTION} by default`, path: ['baseEjection'] };
	context.addIssue(fault(detection, 'is longer than an ejection may last', details));
}, EVEN_WITH_ISSUES);

export const outlierDetection = orOff(outlierBlock, 'a mapping such as `{ consecutiveErrors: 5 }`, or `off`');
export type OutlierDetectionInput = z.output<typeof outlierDetection>;
