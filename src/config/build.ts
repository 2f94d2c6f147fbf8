/** The typed route file → `Config`. Nothing can fail any more. */
import type { AppConfig, Config, Match, Rule, ServicePolicy, TelemetryConfig, ValueMatch } from './config.ts';
import { type Located, locate, type PathSegment } from './located.ts';
import type { Position } from './position.ts';
import type { RouteFile } from './schema/route-file.ts';
import { type RuleInput, ruleSchema } from './schema/rule.ts';

const APP_BACKEND = { label: 'app', service: 'app', subset: '', port: 0, invalid: '' } as const;
const ANY_PATH = { type: 'PathPrefix', value: '/' } as const;

export interface BuildInput {
	readonly routeFile: RouteFile;
	readonly root: Located;
	/** Of the route file itself: an app without a name is called after it. */
	readonly file: string;
	readonly hash: string;
}

export function buildConfig({ routeFile, root, file, hash }: BuildInput): Config {
	const { inbound, admin, probes, localReplies, trustedHops, workers, passthrough, shutdown, limits } = routeFile;
	const routes = inbound.routes.map((rule, index) => buildRule(rule, ['inbound', 'routes', index], root));
	const telemetry = buildTelemetry(routeFile.telemetry);
	return {
		hash,
		app: buildApp(routeFile.app, file),
		inbound: {
			listen: inbound.listen,
			unmatched: inbound.unmatched,
			routes,
			fallback: buildRule(ruleSchema.parse({}), ['inbound'], root),
			service: buildService(inbound.service),
		},
		outbound: null,
		services: [],
		tests: [],
		admin,
		...(probes !== undefined && { probes }),
		telemetry,
		localReplies,
		trustedHops,
		workers,
		passthrough,
		shutdown,
		limits,
	};
}

function buildApp(app: RouteFile['app'], file: string): AppConfig {
	const { name, namespace, version, port, socket, protocol, health } = app;
	return {
		name: name ?? nameOfFile(file),
		namespace,
		protocol,
		...(version !== undefined && { version }),
		...(port !== undefined && { port }),
		...(socket !== undefined && { socket }),
		...(health !== undefined && { health }),
	};
}

/** `shop/orders.yaml` → `orders`. Only what may stand in a metric label unquoted. */
export function nameOfFile(file: string): string {
	const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
	const withoutEnding = base.replace(/\.[^.]*$/, '');
	const safe = withoutEnding.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
	return safe === '' ? 'app' : safe;
}

function buildRule(rule: RuleInput, path: readonly PathSegment[], root: Located): Rule {
	const matches: Match[] = rule.matches.map(({ path, method, headers, queryParams }) => ({
		path,
		methods: method,
		headers: onePerName(headers.map((match) => ({ ...match, name: match.name.toLowerCase() }))),
		queryParams: onePerName(queryParams),
	}));
	if (matches.length === 0) matches.push({ path: ANY_PATH, methods: [], headers: [], queryParams: [] });
	const { request, backendRequest, idle } = rule.timeouts;
	return {
		name: rule.name ?? defaultRuleName(matches),
		isNamed: rule.name !== undefined,
		origin: '',
		hostnames: rule.hostnames.map((hostname) => hostname.toLowerCase().replace(/\.$/, '')),
		matches,
		filters: [],
		backendRefs: [{ ...APP_BACKEND, weight: 1, filters: [] }],
		isByHost: false,
		timeouts: {
			request,
			backendRequest,
			idle,
			requestIsExplicit: request > 0,
			idleIsExplicit: isWritten(root, [...path, 'timeouts', 'idle']),
		},
		retry: rule.retry === null ? null : { ...rule.retry, backoff: rule.retry.backoff ?? 0 },
		sessionPersistence: null,
		rateLimit: null,
		fault: null,
		directResponse: null,
		limits: rule.limits,
		at: positionOf(root, path),
	};
}

/** Of several conditions on one name the first counts, as the Gateway API has it. */
function onePerName(matches: readonly ValueMatch[]): readonly ValueMatch[] {
	return matches.filter(({ name }, index) => matches.findIndex((other) => other.name === name) === index);
}

/** An unnamed rule is called by its path pattern, never by a URL. */
export function defaultRuleName(matches: readonly Match[]): string {
	return matches[0]?.path.value ?? ANY_PATH.value;
}

function isWritten(root: Located, path: readonly PathSegment[]): boolean {
	const { node, depth } = locate(root, path);
	return depth === path.length && node.value !== null;
}

function positionOf(root: Located, path: readonly PathSegment[]): Position {
	const { file, line, column } = locate(root, path).node.span;
	return { file, line, column };
}

function buildService(service: RouteFile['inbound']['service']): ServicePolicy {
	const { connect, limits, circuitBreaker, retryBudget } = service;
	return {
		connect: { ...connect, idle: connect.idle ?? 0 },
		limits: { ...limits, retries: limits.retries ?? 0 },
		circuitBreaker,
		retryBudget,
	};
}

function buildTelemetry({ accessLog, redact, metrics, logIntake }: RouteFile['telemetry']): TelemetryConfig {
	return {
		accessLog,
		redact: { headers: redact.headers.map((name) => name.toLowerCase()), query: redact.query },
		metrics: { ...metrics, mergeApp: metrics.mergeApp ?? '' },
		...(logIntake !== undefined && { logIntake }),
	};
}
