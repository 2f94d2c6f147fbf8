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
		const fragment = path.indexOf('#');
		const query = path.indexOf('?');
		if (query === -1 || this.names.size === 0 || (fragment !== -1 && fragment < query)) return path;
		return path.slice(0, query + 1) + this.query(path.slice(query + 1));
	}

	private query(query: string): string {
		// `;` separates parameters for some servers; a secret behind one must not slip through.
		return query
			.split(/([&;])/)
			.map((part) => {
				const equals = part.indexOf('=');
				return equals !== -1 && this.isSecret(part.slice(0, equals)) ? `${part.slice(0, equals)}=${MASK}` : part;
			})
			.join('');
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
