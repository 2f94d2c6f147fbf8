/** Authorization in few words, for tests. */
import type { Authorization, AuthorizationRule, TextPattern } from '../../src/config/identity-config.ts';
import { AuthorizationFilter } from '../../src/filters/authorization.ts';
import { requestOf } from './filtered-request.ts';

export const WEB = 'spiffe://mesh.local/ns/shop/sa/web';

/** `x`, `x*`, `*x` or `*`. */
export function pattern(text: string): TextPattern {
	if (text === '*') return { type: 'any', value: '' };
	if (text.endsWith('*')) return { type: 'prefix', value: text.slice(0, -1) };
	return text.startsWith('*') ? { type: 'suffix', value: text.slice(1) } : { type: 'exact', value: text };
}

export interface Written {
	readonly principals?: readonly string[];
	readonly namespaces?: readonly string[];
	readonly methods?: readonly string[];
	readonly paths?: readonly string[];
	readonly headers?: Readonly<Record<string, string>>;
	readonly sources?: readonly string[];
}

export function entry({ principals, namespaces, methods, paths, headers, sources }: Written): AuthorizationRule {
	return {
		principals: (principals ?? []).map(pattern),
		namespaces: (namespaces ?? []).map(pattern),
		methods: methods ?? [],
		paths: (paths ?? []).map(pattern),
		headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value: pattern(value) })),
		sources: (sources ?? []).map((text) => {
			const [address = '', bits = '128'] = text.split('/');
			return { address, bits: Number(bits) };
		}),
		at: { file: 'orders.yaml', line: 7, column: 3 },
	};
}

export interface WrittenLists {
	readonly dryRun?: boolean;
	readonly deny?: readonly Written[];
	readonly allow?: readonly Written[] | null;
}

export function authorization({ dryRun = false, deny = [], allow = null }: WrittenLists): Authorization {
	return { dryRun, deny: deny.map(entry), allow: allow?.map(entry) ?? null };
}

export function filterOf(lists: WrittenLists, where = 'inbound.authorization'): AuthorizationFilter {
	return new AuthorizationFilter(authorization(lists), where);
}

/** A request as `GET /a`, with fields; by default from nowhere in particular and without identity. */
export function ask(
	line: string,
	fields: readonly string[] = [],
	who: Partial<{ principal: string; peer: string }> = {},
) {
	const [method = '', path = ''] = line.split(' ');
	const target = method === 'CONNECT' && path === '' ? 'db:443' : path;
	const parts = { principal: who.principal ?? '', peerAddress: who.peer ?? '10.0.0.9' };
	return requestOf([`${method} ${target}`, 'host: db:443', ...fields], parts);
}

/** Whether one entry holds: of `deny`, or of `allow`. */
export function holds(list: 'deny' | 'allow', written: Written, request: ReturnType<typeof ask>): boolean {
	const { by } = filterOf({ [list]: [written] }).decide(request);
	return by === `inbound.authorization.${list}[0]`;
}
