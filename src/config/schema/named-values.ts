/** `{x-canary: "1"}` is short for `[{ name: x-canary, value: "1" }]`. */
export function expandNamedValues(input: unknown): unknown {
	if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
	return Object.entries(input).map(([name, value]) => ({ name, value }));
}
