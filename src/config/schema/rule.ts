import type * as z from 'zod';
import type { Side } from '../config.ts';
import { directResponse, faultInjection } from './answers.ts';
import { authorization } from './authorization.ts';
import { backendRefs } from './backend.ts';
import { block, duration, EVEN_WITH_ISSUES, fault, fieldFacts, listOf, size, text } from './field.ts';
import { filterList, typeOfFilter } from './filters.ts';
import { hedge } from './hedge.ts';
import { matchSchema } from './match.ts';
import { HOSTNAME, RULE_NAME } from './names.ts';
import { rateLimit } from './rate-limit.ts';
import { retrySchema } from './retry.ts';
import { sessionPersistence } from './session-persistence.ts';

/** A route of the Gateway API may have 16, and be attached to 32 gateways of 64 listeners each, or 32 services. */
const MAX_HOSTNAMES = 4096;
/** The Gateway API's bound. */
const MAX_MATCHES = 64;
const MAX_BODY_BYTES = 2 ** 50;
/** Files are written by hand or by small programs; beyond this a mistake is more likely. */
const MAX_RULES = 20_000;

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

const limits = block({
	requestBody: size(0, MAX_BODY_BYTES)
		.prefault(0)
		.describe('Largest request body; a larger one gets 413. `0`: no limit.'),
});

const APP = 'app';
const APP_ALONE = backendRefs.parse([{ name: APP }]);

/** Whether a rule, which may be malformed, needs no backend: it answers by itself. */
export function answersItself(rule: Readonly<Record<string, unknown>>): boolean {
	return rule['directResponse'] !== undefined || typesOfFilters(rule['filters']).includes('RequestRedirect');
}

function typesOfFilters(filters: unknown) {
	return Array.isArray(filters) ? filters.map(typeOfFilter) : [];
}

/** Inbound, a rule without backends means the app; outbound, the service that has the host of the request. */
const backendRefsOf = {
	inbound: backendRefs
		.optional()
		.describe('Where requests go, by weight. Default: the app.')
		.register(fieldFacts, { implied: (rule) => (answersItself(rule) ? undefined : APP_ALONE) }),
	outbound: backendRefs
		.optional()
		.describe("Where requests go, by weight. Default: the service that lists the request's host."),
};

function ruleSchema(side: Side) {
	return block({
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
			.register(fieldFacts, {
				noun: 'a list',
				expected: `a list of at most ${MAX_HOSTNAMES} such as \`[orders.shop.svc]\``,
			})
			.prefault([])
			.describe(
				'Hosts this rule is for; ports, case and a trailing dot do not count. `*.x` matches every name that ends in `.x`. Default: any.',
			),
		matches: listOf(matchSchema, MAX_MATCHES)
			.register(fieldFacts, {
				noun: 'a list',
				expected: `a list of at most ${MAX_MATCHES} such as \`[{ path: { value: /orders } }]\``,
			})
			.prefault([{}])
			.describe('The rule holds when one of these does. Default: every path.'),
		filters: filterList
			.prefault([])
			.describe('Steps that edit a request, its response or its way, in the words of the Gateway API.'),
		backendRefs: backendRefsOf[side],
		timeouts: timeouts.prefault({}).describe('How long things may take.'),
		retry: retrySchema(side).prefault({}).describe('When a request is tried again; `off` for never.'),
		hedge: hedge.optional().describe('A second attempt beside one that takes long. Default: none.'),
		sessionPersistence: sessionPersistence
			.optional()
			.describe('Keeps a client with the endpoint that served it first. Default: none.'),
		rateLimit: rateLimit.optional().describe('How many requests are let through. Default: all.'),
		fault: faultInjection.optional().describe('Faults on purpose, to see what they do. Default: none.'),
		directResponse: directResponse.optional().describe('Answers in place of any backend. Default: none.'),
		limits: limits.prefault({}).describe('What a request may take.'),
		authorization: authorization.optional().describe('Who may ask. Default: everybody.'),
	}).superRefine((rule, context) => {
		checkRule(rule, context);
		checkHedge(side, rule, context);
	}, EVEN_WITH_ISSUES);
}

export const inboundRule = ruleSchema('inbound');
export const outboundRule = ruleSchema('outbound');
export type RuleInput = z.output<typeof inboundRule>;

export function rulesOf<T extends z.ZodType>(rule: T) {
	return listOf(rule, MAX_RULES).register(fieldFacts, {
		noun: 'a list',
		expected: `a list of at most ${MAX_RULES} rules`,
	});
}

/** What the Gateway API forbids, and what would have no effect. The values may be malformed: that is told elsewhere. */
function checkRule(rule: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
	const types = typesOfFilters(rule['filters']);
	const redirect = types.indexOf('RequestRedirect');
	const isDirect = rule['directResponse'] !== undefined;
	if (redirect >= 0 && isDirect) {
		const details = { expected: 'either of them', path: ['filters', redirect] };
		context.addIssue(fault(rule, 'is a `RequestRedirect` beside a `directResponse`', details));
	}
	if (rule['backendRefs'] !== undefined && (redirect >= 0 || isDirect)) {
		const answer = isDirect ? '`directResponse`' : '`RequestRedirect`';
		const details = { expected: 'either of them', path: ['backendRefs'], isKey: true };
		context.addIssue(fault(rule, `is never asked: the rule has a ${answer}`, details));
	}
	if (hasPrefixesOnly(rule['matches'])) return;
	for (const path of prefixReplacements(rule)) {
		const details = { expected: '`PathPrefix` in every match of the rule, or `replaceFullPath`', path };
		context.addIssue(fault(rule, 'replaces a prefix, and a match of the rule has none', details));
	}
}

/** The app is one endpoint: a second request would only add to its load. */
function checkHedge(side: Side, rule: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
	const { hedge, backendRefs } = rule;
	if (hedge === undefined) return;
	const isApp = (ref: unknown): boolean => {
		return (
			typeof ref === 'object' &&
			ref !== null &&
			'name' in ref &&
			ref.name === APP &&
			!('weight' in ref && ref.weight === 0)
		);
	};
	const asksApp = Array.isArray(backendRefs) ? backendRefs.some(isApp) : side === 'inbound' && !answersItself(rule);
	if (!asksApp) return;
	const details = { expected: '`backendRefs` without the app', path: ['hedge'], isKey: true };
	context.addIssue(fault(rule, 'would ask the app twice', details));
}

function hasPrefixesOnly(matches: unknown): boolean {
	if (!Array.isArray(matches)) return true;
	return matches.every((match) => match?.path?.type === undefined || match.path.type === 'PathPrefix');
}

/** Where a rule's filters, its backends' among them, replace a prefix. */
function* prefixReplacements(rule: Readonly<Record<string, unknown>>): Generator<PropertyKey[]> {
	yield* prefixReplacementsIn(rule['filters'], ['filters']);
	const { backendRefs } = rule;
	if (!Array.isArray(backendRefs)) return;
	for (const [index, ref] of backendRefs.entries()) {
		yield* prefixReplacementsIn(ref?.filters, ['backendRefs', index, 'filters']);
	}
}

function* prefixReplacementsIn(filters: unknown, path: readonly PropertyKey[]): Generator<PropertyKey[]> {
	if (!Array.isArray(filters)) return;
	for (const [index, filter] of filters.entries()) {
		for (const key of ['requestRedirect', 'urlRewrite']) {
			if (filter?.[key]?.path?.replacePrefixMatch === undefined) continue;
			yield [...path, index, key, 'path', 'replacePrefixMatch'];
		}
	}
}
