import type * as z from 'zod';
import { block, duration, fault, integer, listOf, size, text, word } from './field.ts';
import { matchSchema } from './match.ts';
import { retrySchema } from './retry.ts';

/** The Gateway API's bounds. */
const MAX_HOSTNAMES = 16;
const MAX_MATCHES = 64;
const MAX_BACKENDS = 16;
const MAX_WEIGHT = 1_000_000;
const MAX_BODY_BYTES = 2 ** 50;

/** A name as the Gateway API takes it, in any case; a wildcard stands for one or more whole labels at the front. */
const HOSTNAME = /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$/;
/** No blanks, quotes or backslashes: a rule's name is a metric label and a word in log lines. */
const RULE_NAME = /^[!#-[\]-~]{1,253}$/;

const backendRef = block(
	{
		name: word(['app']).describe('`app`, the only backend of this version.'),
		weight: integer(1, MAX_WEIGHT).prefault(1).describe('Share of the requests among several backends.'),
	},
	['group', 'kind', 'namespace', 'port', 'filters'],
);

const timeouts = block({
	request: duration().prefault('0s').describe('Whole exchange, retries included. `0s`: none.'),
	backendRequest: duration().prefault('0s').describe('One attempt. `0s`: none.'),
	idle: duration()
		.prefault('5m')
		.describe('Longest silence on a stream. `0s`: none. When written it also holds for tunnels, else those have 1h.'),
}).superRefine(({ request, backendRequest }, context) => {
	if (request === 0 || backendRequest <= request) return;
	const expected = 'at most `timeouts.request`';
	context.addIssue(fault(backendRequest, 'is longer than the whole request', { expected, path: ['backendRequest'] }));
});

export const ruleSchema = block(
	{
		name: text('a name', 'visible ASCII without quotes and backslashes, at most 253 characters', RULE_NAME)
			.optional()
			.describe('Name in metrics and logs. Default: the pattern of the first path.'),
		hostnames: listOf(
			text(
				'a hostname',
				'a name such as `orders.shop.svc` or `*.shop.svc`; leave `hostnames` out for every host',
				HOSTNAME,
			),
			MAX_HOSTNAMES,
		)
			.prefault([])
			.describe(
				'Hosts this rule is for; ports, case and a trailing dot do not count. `*.x` matches every name that ends in `.x`. Default: any.',
			),
		matches: listOf(matchSchema, MAX_MATCHES)
			.prefault([{}])
			.describe('The rule holds when one of these does. Default: every path.'),
		backendRefs: listOf(backendRef, MAX_BACKENDS)
			.min(1)
			.prefault([{ name: 'app' }])
			.describe('Where requests go.'),
		timeouts: timeouts.prefault({}).describe('How long things may take.'),
		retry: retrySchema.prefault({}).describe('When a request is tried again; `off` for never.'),
		limits: block({
			requestBody: size(0, MAX_BODY_BYTES)
				.prefault(0)
				.describe('Largest request body; a larger one gets 413. `0`: no limit.'),
		})
			.prefault({})
			.describe('What a request may take.'),
	},
	['filters', 'hedge', 'sessionPersistence', 'rateLimit', 'authorization', 'fault', 'directResponse'],
);

export type RuleInput = z.output<typeof ruleSchema>;
