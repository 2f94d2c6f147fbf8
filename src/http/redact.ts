/** What must not reach a log: user info and the query parameters that the file names. Pure. */

const MASK = '***';

/** Masks query parameters by name, whatever case or percent-encoding it is written in. */
export class QueryRedactor {
	private readonly names: ReadonlySet<string>;

	constructor(names: readonly string[]) {
		this.names = new Set(names.map((name) => name.toLowerCase()));
	}

	/** Path and query of a request target, without scheme, authority and user info; `''` when it has neither. */
	path(target: string): string {
		const path = withoutAuthority(target);
		const query = path.indexOf('?');
		if (query === -1 || this.names.size === 0) return path;
		return path.slice(0, query + 1) + this.query(path.slice(query + 1));
	}

	private query(query: string): string {
		let out = '';
		let at = 0;
		while (at < query.length) {
			const end = parameterEnd(query, at);
			const equals = query.indexOf('=', at);
			const isMasked = equals !== -1 && equals < end && this.isSecret(query.slice(at, equals));
			out += isMasked ? `${query.slice(at, equals)}=${MASK}${query.slice(end, end + 1)}` : query.slice(at, end + 1);
			at = end + 1;
		}
		return out;
	}

	private isSecret(rawName: string): boolean {
		if (this.names.has(rawName.toLowerCase())) return true;
		if (!rawName.includes('%') && !rawName.includes('+')) return false;
		const bytes = rawName
			.replaceAll('+', ' ')
			.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
		return this.names.has(bytes.trim().toLowerCase());
	}
}

/** An authority without its user info (`user:password@host`). */
export function withoutUserInfo(authority: string): string {
	return authority.slice(authority.lastIndexOf('@') + 1);
}

function withoutAuthority(target: string): string {
	if (target.startsWith('/') || target === '*') return target;
	const scheme = target.indexOf('://');
	if (scheme === -1) return '';
	const path = target.slice(scheme + 3).search(/[/?]/);
	return path === -1 ? '' : target.slice(scheme + 3 + path);
}

/** `;` separates parameters too for some servers: a secret behind one must not slip through. */
function parameterEnd(query: string, start: number): number {
	for (let at = start; at < query.length; at++) {
		const char = query[at];
		if (char === '&' || char === ';') return at;
	}
	return query.length;
}
