/** What a file says of identities → `Config`. */
import type { Authorization, AuthorizationRule, ServiceTls, TlsConfig } from './identity-config.ts';
import { type Located, type PathSegment, positionOf } from './located.ts';
import type { AuthorizationInput } from './schema/authorization.ts';
import { canonicalHostname } from './schema/names.ts';
import type { ServiceTlsInput, TlsInput } from './schema/tls.ts';

/** The app is on localhost, and is never asked who it is. */
export const APP_TLS: ServiceTls = { mode: 'off', sni: '', subjectAltNames: [], trustBundle: '', caPem: '' };

export function buildTls(tls: TlsInput | undefined): TlsConfig | null {
	if (tls === undefined) return null;
	const { mode, certificate = '', key = '', trustBundle = '', workloadApi, minVersion } = tls;
	if (workloadApi !== undefined) return { mode, source: { is: 'workloadApi', socket: workloadApi }, minVersion };
	return { mode, source: { is: 'files', certificate, key, trustBundle }, minVersion };
}

/** `caPem`: authorities that stand in a document; what then stands for a path is the name of the document. */
export function buildServiceTls(tls: ServiceTlsInput, caPem: string): ServiceTls {
	const { mode, sni = '', subjectAltNames = [], trustBundle = '' } = tls;
	return { mode, sni: canonicalHostname(sni), subjectAltNames, trustBundle: caPem === '' ? trustBundle : '', caPem };
}

export function buildAuthorization(
	input: AuthorizationInput | undefined,
	root: Located,
	path: readonly PathSegment[],
): Authorization | null {
	if (input === undefined) return null;
	const { dryRun, deny, allow } = input;
	const rulesOf = (key: 'deny' | 'allow', rules: typeof deny): AuthorizationRule[] =>
		rules.map((rule, index) => buildRule(rule, root, [...path, 'authorization', key, index]));
	return { dryRun, deny: rulesOf('deny', deny), allow: allow === undefined ? null : rulesOf('allow', allow) };
}

function buildRule(
	rule: AuthorizationInput['deny'][number],
	root: Located,
	path: readonly PathSegment[],
): AuthorizationRule {
	const { principals = [], namespaces = [], methods = [], paths = [], headers = {}, sources = [] } = rule;
	return {
		principals,
		namespaces,
		methods,
		paths,
		headers: Object.entries(headers).map(([name, value]) => ({ name: name.toLowerCase(), value })),
		sources,
		at: positionOf(root, path),
	};
}
