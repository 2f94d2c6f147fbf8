/** Query parameters, as forms and every server framework write them (WHATWG URL, `application/x-www-form-urlencoded`). */

const AMPERSAND = 0x26;
const EQUALS = 0x3d;

/**
 * The first value of a parameter, unescaped; `undefined` when it is not there, `''` when it has no value. `query` starts
 * with its `?` or is empty; `name` is in unescaped form.
 */
export function firstQueryValue(query: string, name: string): string | undefined {
	for (let start = 1; start <= query.length; ) {
		let end = start;
		let equals = -1;
		for (; end < query.length && query.charCodeAt(end) !== AMPERSAND; end++) {
			if (equals < 0 && query.charCodeAt(end) === EQUALS) equals = end;
		}
		const nameEnd = equals < 0 ? end : equals;
		if (nameEnd > start && decode(query.slice(start, nameEnd)) === name) {
			return equals < 0 ? '' : decode(query.slice(equals + 1, end));
		}
		start = end + 1;
	}
	return undefined;
}

/** `+` is a blank; what is no valid escape stays as it is. */
function decode(text: string): string {
	const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
	if (!spaced.includes('%')) return spaced;
	try {
		return decodeURIComponent(spaced);
	} catch {
		return spaced;
	}
}
