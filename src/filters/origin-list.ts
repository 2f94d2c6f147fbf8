/** Origins that a list allows: written out, or with one `*` that stands for any labels (`https://*.example.com`). */

const ANY = '*';

interface Pattern {
	readonly before: string;
	readonly after: string;
}

export class OriginList {
	readonly allowsAny: boolean;
	private readonly exact: ReadonlySet<string>;
	private readonly patterns: readonly Pattern[];

	constructor(origins: readonly string[]) {
		const lower = origins.map((origin) => origin.toLowerCase());
		this.allowsAny = lower.includes(ANY);
		this.exact = new Set(lower.filter((origin) => !origin.includes(ANY)));
		this.patterns = lower
			.filter((origin) => origin !== ANY && origin.includes(ANY))
			.map((origin) => {
				const star = origin.indexOf(ANY);
				return { before: origin.slice(0, star), after: origin.slice(star + 1) };
			});
	}

	allows(origin: string): boolean {
		if (this.allowsAny) return true;
		const lower = origin.toLowerCase();
		if (this.exact.has(lower)) return true;
		for (let i = 0; i < this.patterns.length; i++) {
			const { before, after } = this.patterns[i] as Pattern;
			// At least one character for the star, and none that would end the host.
			if (lower.length <= before.length + after.length || !lower.startsWith(before) || !lower.endsWith(after)) continue;
			if (isWithinHost(lower, before.length, lower.length - after.length)) return true;
		}
		return false;
	}
}

/** Labels only: a port or a path would let `https://evil.test:1/.example.com` look like one of ours. */
function isWithinHost(text: string, start: number, end: number): boolean {
	for (let i = start; i < end; i++) {
		const c = text[i];
		if (c === '/' || c === ':' || c === '@' || c === '?' || c === '#') return false;
	}
	return true;
}
