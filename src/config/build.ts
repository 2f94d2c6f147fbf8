/** The typed route file → `Config`. Nothing can fail any more. */
import { APP_TLS, buildAuthorization, buildTls } from './build-identity.ts';
import { buildRule, type RuleContext } from './build-rule.ts';
import { buildNamedService, buildPolicy } from './build-service.ts';
import type { KnownServices } from './build-target.ts';
import type { AppConfig, Config, OutboundConfig, RouteTest, TelemetryConfig } from './config.ts';
import { type Located, locate, positionOf } from './located.ts';
import { outboundDeadlines } from './schema/outbound.ts';
import type { RouteFile } from './schema/route-file.ts';
import { inboundRule, outboundRule } from './schema/rule.ts';
import type { ServiceConfig } from './service-config.ts';

export interface BuildInput {
	readonly routeFile: RouteFile;
	readonly root: Located;
	/** Of the route file itself: an app without a name is called after it. */
	readonly file: string;
	readonly hash: string;
}

export function buildConfig(input: BuildInput): Config {
	const { routeFile, file, hash } = input;
	const { admin, probes, localReplies, trustedHops, workers, passthrough, shutdown, limits } = routeFile;
	const services = buildServices(input);
	const known: KnownServices = new Map(services.map((service) => [service.name, service]));
	return {
		hash,
		app: buildApp(routeFile.app, file),
		inbound: buildInbound(input, known),
		outbound: buildOutbound(input, known),
		outboundDeadlines: routeFile.outbound?.deadlines ?? outboundDeadlines.parse({}),
		outboundFallback: buildRule(outboundRule.parse({}), outboundContext(input, known)),
		services,
		tls: buildTls(routeFile.tls),
		tests: buildTests(input),
		admin,
		...(probes !== undefined && { probes }),
		telemetry: buildTelemetry(routeFile.telemetry),
		localReplies,
		trustedHops,
		workers,
		passthrough,
		shutdown,
		limits,
	};
}

function buildApp(app: RouteFile['app'], file: string): AppConfig {
	const { name, namespace, version, zone = '', port, socket, protocol, health } = app;
	return {
		name: name ?? nameOfFile(file),
		namespace,
		protocol,
		zone,
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

function buildInbound({ routeFile, root }: BuildInput, services: KnownServices): Config['inbound'] {
	const { listen, unmatched, authorization, routes, service } = routeFile.inbound;
	const context: RuleContext = { side: 'inbound', path: ['inbound'], root, services };
	return {
		listen,
		unmatched,
		authorization: buildAuthorization(authorization, root, ['inbound']),
		routes: routes.map((rule, index) => buildRule(rule, { ...context, path: ['inbound', 'routes', index] })),
		fallback: buildRule(inboundRule.parse({}), context),
		service: buildPolicy(service, APP_TLS),
	};
}

function outboundContext({ root }: BuildInput, services: KnownServices): RuleContext {
	return { side: 'outbound', path: ['outbound'], root, services };
}

function buildOutbound(input: BuildInput, services: KnownServices): OutboundConfig | null {
	const { outbound } = input.routeFile;
	if (outbound === undefined) return null;
	const { listen, unknownHosts, routes } = outbound;
	const context = outboundContext(input, services);
	return {
		listen,
		unknownHosts,
		routes: routes.map((rule, index) => buildRule(rule, { ...context, path: ['outbound', 'routes', index] })),
	};
}

function buildServices({ routeFile, root }: BuildInput): ServiceConfig[] {
	const { namespace } = routeFile.app;
	return Object.entries(routeFile.services).map(([name, service]) =>
		buildNamedService(name, service, {
			namespace,
			caPem: locate(root, ['services', name, 'tls', 'trustBundle']).node.pem ?? '',
			at: positionOf(root, ['services', name]),
		}),
	);
}

function buildTests({ routeFile, root }: BuildInput): RouteTest[] {
	return routeFile.tests.map(({ name, request, expect }, index) => ({
		name: name ?? `tests[${index}]`,
		request: {
			...request,
			host: request.host.toLowerCase(),
			headers: request.headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
		},
		expect: { route: expect.route ?? null, backend: expect.backend ?? null, status: expect.status ?? null },
		at: positionOf(root, ['tests', index]),
	}));
}

function buildTelemetry({ accessLog, redact, metrics, logIntake }: RouteFile['telemetry']): TelemetryConfig {
	return {
		accessLog,
		redact: { headers: redact.headers.map((name) => name.toLowerCase()), query: redact.query },
		metrics: { ...metrics, mergeApp: metrics.mergeApp ?? '' },
		...(logIntake !== undefined && { logIntake }),
	};
}
