/** What is asked of the endpoints of a service to see whether they are well. */
import * as z from 'zod';
import { block, duration, EVEN_WITH_ISSUES, fault, fieldFacts, hasUnknownKey, integer, orOff, text } from './field.ts';

const MIN_INTERVAL_MS = 100;
const MAX_IN_A_ROW = 100;
/** A query may be part of it: it is sent as it stands here. */
const PATH = /^\/[!-~]*$/;
/** A full name of Protocol Buffers; empty: the whole server. */
const GRPC_SERVICE = /^([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?$/;

export interface StatusRange {
	readonly from: number;
	readonly to: number;
}

const MIN_STATUS = 200;
const MAX_STATUS = 599;
const WELL: StatusRange = { from: 200, to: 299 };
const EXPECTED_STATUSES = `a status or a range such as \`200-299\`, from ${MIN_STATUS} to ${MAX_STATUS}`;

const statuses = z
	.union([z.string(), z.number()])
	.transform((input, context): StatusRange => {
		const [, first, last = first] = /^([0-9]{3})(?:-([0-9]{3}))?$/.exec(String(input)) ?? [];
		const range = { from: Number(first), to: Number(last) };
		if (range.from >= MIN_STATUS && range.to <= MAX_STATUS && range.from <= range.to) return range;
		context.issues.push(fault(input, 'is not a range of statuses', { expected: EXPECTED_STATUSES }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a range of statuses',
		expected: EXPECTED_STATUSES,
		type: 'status or range',
		input: {
			anyOf: [
				{ type: 'integer', minimum: MIN_STATUS, maximum: MAX_STATUS },
				{ type: 'string', pattern: '^[2-5][0-9]{2}(-[2-5][0-9]{2})?$' },
			],
		},
		render: ({ from, to }: StatusRange) => (from === to ? from : `${from}-${to}`),
		implied: ({ path }) => (path === undefined ? undefined : WELL),
	});

const tcp = z
	.preprocess((input) => (input === 'true' ? true : input), z.literal(true))
	.register(fieldFacts, { noun: '`true`', expected: '`true`, or no such key', type: 'boolean' });

const PROBES = ['path', 'grpc', 'tcp'] as const;
const EXPECTED_PROBE = 'one of `path: /healthz`, `grpc: my.Service` and `tcp: true`';

const healthBlock = block({
	path: text('a path', 'a path such as `/healthz`', PATH)
		.optional()
		.describe('Asked with GET. Either this, `grpc` or `tcp`.'),
	expect: statuses.optional().describe('Statuses that mean well, with `path`. Default: `200-299`.'),
	grpc: text('the name of a gRPC service', 'a name such as `shop.Payments`, or `""` for the whole server', GRPC_SERVICE)
		.optional()
		.describe(
			'Asked by the gRPC health protocol for this service; `""`: the whole server. Either this, `path` or `tcp`.',
		),
	tcp: tcp.optional().describe('Well is who takes a connection. Either this, `path` or `grpc`.'),
	interval: duration(MIN_INTERVAL_MS).prefault('5s').describe('Time between two questions.'),
	timeout: duration(1).prefault('1s').describe('Longest wait for an answer.'),
	healthy: integer(1, MAX_IN_A_ROW)
		.prefault(1)
		.describe('Good answers in a row after which an endpoint is well again.'),
	unhealthy: integer(1, MAX_IN_A_ROW).prefault(3).describe('Failures in a row after which it gets no requests.'),
})
	.superRefine((check, context) => {
		const written: Readonly<Record<string, unknown>> = check;
		// `tcp: false` is told as that.
		const [first, second] = PROBES.filter((key) => written[key] !== undefined && written[key] !== false);
		const isFalse = written['tcp'] === false;
		if (first === undefined && !isFalse && !hasUnknownKey(context)) {
			context.addIssue(fault(check, 'does not say what is asked', { expected: EXPECTED_PROBE }));
		}
		if (second !== undefined) {
			const details = { expected: 'one of them', path: [second], isKey: true };
			context.addIssue(fault(check, `stands beside \`${first}\``, details));
		}
		if (check.expect === undefined || check.path !== undefined || first === undefined) return;
		const details = { expected: '`path` beside it', path: ['expect'], isKey: true };
		context.addIssue(fault(check, `has no meaning with \`${first}\``, details));
	}, EVEN_WITH_ISSUES)
	.register(fieldFacts, { exactlyOneOf: PROBES });

export const healthCheck = orOff(healthBlock, 'a mapping such as `{ path: /healthz }`, or `off`');
export type HealthCheckInput = z.output<typeof healthCheck>;
export const DEFAULT_STATUSES = WELL;
