import type { RetryCondition, Side } from '../config.ts';
import { block, duration, integer, listOf, orOff, word } from './field.ts';

const MAX_ATTEMPTS = 10;
/** The Gateway API's range: what a server or a proxy says when something failed. */
const MIN_CODE = 400;
const MAX_CODE = 599;
const MAX_CODES = 64;

interface RetryDefaults {
	readonly attempts: number;
	readonly codes: number[];
	readonly on: RetryCondition[];
}

const DEFAULTS: Readonly<Record<Side, RetryDefaults>> = {
	/** Towards the app: a status is the app's own answer and is not asked for again. */
	inbound: { attempts: 2, codes: [], on: ['connect-failure', 'reset', 'refused-stream'] },
	/** Towards others: what a server says while it starts, stops or is overloaded. */
	outbound: { attempts: 2, codes: [502, 503, 504], on: ['connect-failure', 'reset', 'refused-stream', 'timeout'] },
};

export function retrySchema(side: Side) {
	const defaults = DEFAULTS[side];
	const retry = block(
		{
			attempts: integer(0, MAX_ATTEMPTS).prefault(defaults.attempts).describe('Retries after the first try.'),
			codes: listOf(integer(MIN_CODE, MAX_CODE), MAX_CODES)
				.prefault(defaults.codes)
				.describe('Statuses that are retried. `check` warns about them towards the app.'),
			on: listOf(word(['connect-failure', 'reset', 'refused-stream', 'timeout']), 4)
				.prefault(defaults.on)
				.describe('Failures that are retried.'),
			backoff: duration()
				.optional()
				.describe(
					'Least wait before the first retry, doubled for each further one. Default: a random time that grows to 250ms.',
				),
			methods: word(['idempotent', 'idempotencyKey', 'all'])
				.prefault('idempotent')
				.describe(
					'What may be repeated once it may have reached the backend: idempotent methods, also requests with an `Idempotency-Key`, or all.',
				),
		},
		['grpcCodes'],
	);
	return orOff(retry, 'a mapping such as `{ attempts: 2 }`, or `off`');
}
