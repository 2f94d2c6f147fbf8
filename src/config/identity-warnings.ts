/** Identities and authorizations that are allowed and still probably not meant. */
import type { Config, Side } from './config.ts';
import type { Authorization, AuthorizationRule } from './identity-config.ts';
import type { PathSegment } from './located.ts';
import type { ServiceConfig } from './service-config.ts';
import type { ServiceWarning } from './service-warnings.ts';

type Path = readonly PathSegment[];

export function* identityWarnings(config: Config): Generator<ServiceWarning> {
	for (const service of config.services) yield* aboutTls(service, ['services', service.name]);
	const { inbound, outbound } = config;
	const whyNobody = { inbound: whyNoCaller(config), outbound: 'the app does not prove who it is' };
	yield* aboutAuthorization(inbound.authorization, whyNobody.inbound, ['inbound', 'authorization']);
	for (const side of ['inbound', 'outbound'] as const satisfies readonly Side[]) {
		for (const [index, { authorization }] of (side === 'inbound' ? inbound : outbound)?.routes.entries() ?? []) {
			yield* aboutAuthorization(authorization, whyNobody[side], [side, 'routes', index, 'authorization']);
		}
	}
}

/** Why no caller of the inbound port has an identity; `''`: some may. */
function whyNoCaller({ tls }: Config): string {
	if (tls === null) return 'without `tls` at the top nobody proves who it is';
	return tls.mode === 'off' ? 'with `tls.mode: off` nobody proves who it is' : '';
}

function* aboutTls({ policy, source, endpoints }: ServiceConfig, path: Path): Generator<ServiceWarning> {
	const { mode, sni, subjectAltNames, trustBundle } = policy.tls;
	const declared = endpoints.findIndex(({ identity }) => identity !== '');
	const written: string[] = [];
	if (sni !== '') written.push('sni');
	if (subjectAltNames.length > 0) written.push('subjectAltNames');
	if (trustBundle !== '') written.push('trustBundle');
	if (mode === 'off') {
		const message = 'has no effect with `mode: off`';
		for (const key of written) yield { path: [...path, 'tls', key], message };
		if (declared >= 0) yield { path: [...path, 'endpoints', declared, 'identity'], message };
		return;
	}
	if (mode === 'mutual' && subjectAltNames.length === 0 && source?.is !== 'file' && !areDeclared(endpoints)) {
		const message = 'believes whoever has an identity of the trust domain: nothing says which one the service has';
		yield {
			path: [...path, 'tls', 'mode'],
			message,
			expected: '`subjectAltNames` beside it, or `identity` of each endpoint',
		};
	}
	// The endpoints of a file may declare one.
	const isDeclared = subjectAltNames.length > 0 || declared >= 0 || source?.is === 'file';
	if (mode !== 'auto' || isDeclared) return;
	for (const key of written) {
		const message = 'has no effect: neither the service nor an endpoint declares an identity';
		yield { path: [...path, 'tls', key], message, expected: '`mode: simple`, `mode: mutual` or `subjectAltNames`' };
	}
}

function areDeclared(endpoints: ServiceConfig['endpoints']): boolean {
	return endpoints.length > 0 && endpoints.every(({ identity }) => identity !== '');
}

/** `whyNobody`: why no caller has an identity; `''`: some may. */
function* aboutAuthorization(
	authorization: Authorization | null,
	whyNobody: string,
	path: Path,
): Generator<ServiceWarning> {
	if (authorization === null) return;
	const { deny, allow } = authorization;
	for (const [index, rule] of deny.entries()) {
		const at = [...path, 'deny', index];
		if (hasNoCondition(rule)) yield { path: at, message: 'has no condition, and denies everybody' };
		yield* aboutCallers(rule, whyNobody, at);
	}
	if (allow?.length === 0) {
		yield { path: [...path, 'allow'], message: 'is empty: nobody may ask', expected: 'a rule, or no `allow` for all' };
	}
	for (const [index, rule] of (allow ?? []).entries()) yield* aboutCallers(rule, whyNobody, [...path, 'allow', index]);
}

function hasNoCondition({ at: _at, ...conditions }: AuthorizationRule): boolean {
	return Object.values(conditions).every((values) => values.length === 0);
}

const SCHEME = 'spiffe://';

function* aboutCallers(
	{ principals, namespaces }: AuthorizationRule,
	whyNobody: string,
	path: Path,
): Generator<ServiceWarning> {
	if (whyNobody !== '') {
		const message = `can never hold: ${whyNobody}`;
		if (principals.length > 0) yield { path: [...path, 'principals'], message };
		if (namespaces.length > 0) yield { path: [...path, 'namespaces'], message };
		return;
	}
	for (const [index, { type, value }] of principals.entries()) {
		if (type !== 'prefix' || !value.startsWith(SCHEME) || value === SCHEME) continue;
		if (value.includes('/', SCHEME.length)) continue;
		const message = 'takes other trust domains as well, whose names begin so';
		yield { path: [...path, 'principals', index], message, expected: 'the whole trust domain, and `/*`' };
	}
}
