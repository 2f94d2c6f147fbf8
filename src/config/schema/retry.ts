import type { RetryCondition } from '../config.ts';
import { block, duration, integer, listOf, orOff, word } from './field.ts';

const MAX_ATTEMPTS = 10;
/** The Gateway API's range: what a server or a proxy says when something failed. */
const MIN_CODE = 400;
const MAX_CODE = 599;
const MAX_CODES = 64;

/** Towards the app: a status is the app's own answer and is not asked for again. */
const INBOUND_RETRY_ATTEMPTS = 2;
const INBOUND_RETRY_ON: RetryCondition[] = ['connect-failure', 'reset', 'refused-stream'];

export const retrySchema = orOff(
	block(
		{
			attempts: integer(0, MAX_ATTEMPTS).prefault(INBOUND_RETRY_ATTEMPTS).describe('Retries after the first try.'),
			codes: listOf(integer(MIN_CODE, MAX_CODE), MAX_CODES)
				.prefault([])
				.describe('Statuses that are retried. `check` warns about them towards the app.'),
			on: listOf(word(['connect-failure', 'reset', 'refused-stream', 'timeout']), 4)
				.prefault(INBOUND_RETRY_ON)
				.describe('Failures that are retried.'),
			backoff: duration()
				.optional()
				.describe(
					'Least wait before the first retry, doubled for each further one. Default: a random time that grows to 250ms.',
				),
			methods: word(['idempotent', 'idempotencyKey', 'all'])
				.prefault('idempotent')
				.describe(
					'What may be repeated once it may have reached the app: idempotent methods, also requests with an `Idempotency-Key`, or all.',
				),
		},
		['grpcCodes'],
	),
	'a mapping such as `{ attempts: 2 }`, or `off`',
);
