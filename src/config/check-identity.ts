/** Identities that do not fit together: TLS that asks for what nobody has, or that has nobody to hold against. */
import type { IssueList } from './issue-list.ts';
import { formatPath, isWritten, type Located, locate, type PathSegment, scalarText, writtenPath } from './located.ts';
import { endpointAddress } from './schema/endpoints.ts';
import { isAddress } from './schema/peer-name.ts';
import { serviceTls } from './schema/tls.ts';
import { describeField } from './schema/walk.ts';

const OWN_IDENTITY = '`tls` at the top with `certificate`, `key` and `trustBundle`, or `workloadApi`';
const TLS_KEYS: ReadonlySet<string> = new Set(Object.keys(describeField(serviceTls).keys ?? {}));

export function checkIdentities(root: Located, issues: IssueList): void {
	const hasIdentity = isWritten(root, ['tls']);
	for (const [name, service] of locate(root, ['services']).node.entries) {
		const tls = service.entries.get('tls');
		const mode = scalarText(tls?.entries.get('mode')?.value ?? 'auto');
		const report = (below: readonly PathSegment[], message: string, expected: string): void => {
			const { node } = locate(service, below);
			const path = writtenPath(root, ['services', name, ...below]);
			const span = node.kind === 'scalar' ? node.span : (node.key ?? { ...node.span, length: 1 });
			issues.error(span, { path, message: `\`${formatPath(path)}\` ${message}`, expected });
		};
		if (!hasIdentity) {
			const asker = whoAsks(service, mode);
			if (asker !== null) report(asker, 'needs an identity of our own: there is no `tls` at the top', OWN_IDENTITY);
		}
		if (mode === 'simple' && tls !== undefined && !hasName(service, tls)) {
			const expected = '`sni` or `subjectAltNames` beside it, or `hostnames` of the service';
			report(['tls', 'mode'], 'has no name to hold a certificate against', expected);
		}
	}
}

/** What of a service makes for mutual TLS; the first of it. */
function whoAsks(service: Located, mode: string): readonly PathSegment[] | null {
	if (mode === 'mutual') return ['tls', 'mode'];
	if (mode !== 'auto') return null;
	const names = locate(service, ['tls', 'subjectAltNames']);
	if (names.depth === 2 && names.node.items.length > 0) return ['tls', 'subjectAltNames'];
	const index = endpointsOf(service).findIndex((endpoint) => isWritten(endpoint, ['identity']));
	return index < 0 ? null : ['endpoints', index, 'identity'];
}

/** An endpoint's own name will do where each has one. A key that is none may be the name that is missing. */
function hasName(service: Located, tls: Located): boolean {
	if ([...tls.entries.keys()].some((key) => !TLS_KEYS.has(key))) return true;
	if (isWritten(tls, ['sni']) || isWritten(tls, ['subjectAltNames'])) return true;
	if ((service.entries.get('hostnames')?.items.length ?? 0) > 0) return true;
	const endpoints = endpointsOf(service);
	return endpoints.length > 0 && endpoints.every((endpoint) => isNamed(endpoint.entries.get('address')?.value));
}

function endpointsOf(service: Located): readonly Located[] {
	return service.entries.get('endpoints')?.items ?? [];
}

/** Of an address that is not valid nothing is said here. */
function isNamed(address: unknown): boolean {
	const parsed = endpointAddress.safeParse(address);
	return !parsed.success || !isAddress(parsed.data.host);
}
