/** Which values of a route file came from the environment: what they were resolved to, and what may be told of them. */
import { formatPath, type Located, type PathSegment } from './located.ts';
import type { Provenance } from './parse-config.ts';

export interface MaskedValue {
	/** Dotted path in the file: `inbound.routes[3].matches[0].path`. */
	readonly path: string;
	/** What it was resolved to. */
	readonly text: string;
	/** What may be told: `${NAME}` in place of each value. */
	readonly masked: string;
}

export function maskedValues({ root }: Provenance): MaskedValue[] {
	const values: MaskedValue[] = [];
	collect(root, [], values);
	return values;
}

function collect(node: Located, path: readonly PathSegment[], values: MaskedValue[]): void {
	if (node.env !== null && node.value !== null)
		values.push({ path: formatPath(path), text: String(node.value), masked: node.env.masked });
	for (const [key, child] of node.entries) collect(child, [...path, key], values);
	for (const [index, child] of node.items.entries()) collect(child, [...path, index], values);
}
