/** A rule as the file has it → every default filled in, every reference resolved. */
import { buildFilter } from './build-filter.ts';
import { buildAuthorization } from './build-identity.ts';
import { APP, buildTarget, type KnownServices } from './build-target.ts';
import type { BackendRef, FaultInjection, Match, Rule, SessionPersistence, Side, ValueMatch } from './config.ts';
import { isWritten, type Located, locate, type PathSegment, positionOf } from './located.ts';
import type { BackendRefsInput } from './schema/backend.ts';
import { canonicalHostname } from './schema/names.ts';
import { answersItself, type RuleInput } from './schema/rule.ts';

const APP_BACKEND: BackendRef = { label: APP, service: APP, subset: '', port: 0, invalid: '', weight: 1, filters: [] };
const ANY_PATH = { type: 'PathPrefix', value: '/' } as const;

/** Where a rule stands, and what it may refer to. */
export interface RuleContext {
	readonly side: Side;
	readonly path: readonly PathSegment[];
	readonly root: Located;
	readonly services: KnownServices;
}

export function buildRule(rule: RuleInput, context: RuleContext): Rule {
	const { side, path, root, services } = context;
	const matches = buildMatches(rule);
	const { request, backendRequest, idle } = rule.timeouts;
	const isUnsaid = rule.backendRefs === undefined && !answersItself(rule);
	return {
		name: rule.name ?? defaultRuleName(matches),
		isNamed: rule.name !== undefined,
		origin: locate(root, path).node.origin?.document ?? '',
		hostnames: rule.hostnames.map(canonicalHostname),
		matches,
		filters: rule.filters.map((filter) => buildFilter(filter, services)),
		backendRefs: isUnsaid && side === 'inbound' ? [APP_BACKEND] : buildBackends(rule.backendRefs ?? [], context),
		isByHost: isUnsaid && side === 'outbound',
		timeouts: {
			request,
			backendRequest,
			idle,
			requestIsExplicit: request > 0,
			idleIsExplicit: isWritten(root, [...path, 'timeouts', 'idle']),
		},
		retry: rule.retry === null ? null : { ...rule.retry, backoff: rule.retry.backoff ?? 0 },
		sessionPersistence: buildSession(rule.sessionPersistence),
		rateLimit: rule.rateLimit ?? null,
		fault: buildFault(rule.fault),
		directResponse: rule.directResponse ?? null,
		hedge: rule.hedge ?? null,
		authorization: buildAuthorization(rule.authorization, root, path),
		limits: rule.limits,
		at: positionOf(root, path),
	};
}

function buildMatches(rule: RuleInput): Match[] {
	if (rule.matches.length === 0) return [{ path: ANY_PATH, methods: [], headers: [], queryParams: [] }];
	return rule.matches.map(({ path, method, headers, queryParams }) => ({
		path,
		methods: method,
		headers: onePerName(headers.map((match) => ({ ...match, name: match.name.toLowerCase() }))),
		queryParams: onePerName(queryParams),
	}));
}

/** Of several conditions on one name the first counts, as the Gateway API has it. */
function onePerName(matches: readonly ValueMatch[]): readonly ValueMatch[] {
	return matches.filter(({ name }, index) => matches.findIndex((other) => other.name === name) === index);
}

/** An unnamed rule is called by its path pattern, never by a URL. */
export function defaultRuleName(matches: readonly Match[]): string {
	return matches[0]?.path.value ?? ANY_PATH.value;
}

function buildBackends(refs: BackendRefsInput, { root, path, services }: RuleContext): BackendRef[] {
	return refs.map((ref, index) => {
		const { invalid } = locate(root, [...path, 'backendRefs', index]).node;
		return {
			...buildTarget(ref, services),
			...(invalid !== undefined && { invalid }),
			weight: ref.weight,
			filters: ref.filters.map((filter) => buildFilter(filter, services)),
		};
	});
}

function buildSession(session: RuleInput['sessionPersistence']): SessionPersistence | null {
	if (session === undefined) return null;
	const { type, sessionName, absoluteTimeout = 0, cookieConfig } = session;
	return { type, sessionName, absoluteTimeout, isPermanent: cookieConfig?.lifetimeType === 'Permanent' };
}

function buildFault(fault: RuleInput['fault']): FaultInjection | null {
	return fault === undefined ? null : { delay: fault.delay ?? null, abort: fault.abort ?? null };
}
