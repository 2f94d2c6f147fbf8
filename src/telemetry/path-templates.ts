/** Path templates (`/users/{id}`): a bounded name for requests that no named rule covers. */

/** One compiled template: literal segments, `null` for a placeholder. */
interface Template {
	readonly text: string;
	readonly segments: readonly (string | null)[];
}

export class PathTemplates {
	private readonly templates: readonly Template[];

	constructor(texts: readonly string[]) {
		this.templates = texts.map((text) => ({
			text,
			segments: text
				.split('/')
				.slice(1)
				.map((segment) => (/^\{[^{}/]*\}$/.test(segment) ? null : segment)),
		}));
	}

	/** The first template that the path of this request target has the shape of; `''` for none. Allocates nothing. */
	match(target: string): string {
		const start = pathStart(target);
		if (start === -1) return '';
		const query = target.indexOf('?', start);
		const end = query === -1 ? target.length : query;
		for (const template of this.templates) {
			if (fits(template.segments, target, start, end)) return template.text;
		}
		return '';
	}
}

/** Offset of the path's first `/` in an origin-form or absolute-form target; -1 when it has none. */
function pathStart(target: string): number {
	if (target.startsWith('/')) return 0;
	const scheme = target.indexOf('://');
	return scheme === -1 ? -1 : target.indexOf('/', scheme + 3);
}

function fits(segments: readonly (string | null)[], path: string, start: number, end: number): boolean {
	let at = start;
	for (const segment of segments) {
		if (at >= end) return false;
		const slash = path.indexOf('/', at + 1);
		const next = slash === -1 || slash > end ? end : slash;
		const length = next - at - 1;
		if (segment === null ? length === 0 : length !== segment.length || !path.startsWith(segment, at + 1)) return false;
		at = next;
	}
	return at === end;
}
