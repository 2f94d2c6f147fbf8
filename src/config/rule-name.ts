/** Names of rules as they may be told: one that came from the environment, as `${NAME}`. */
import type { Rule } from './config.ts';
import { type Located, locate, type PathSegment } from './located.ts';

export function maskedName(root: Located, path: readonly PathSegment[], { name, isNamed }: Rule): string {
	// An unnamed rule is called by its first path.
	const from = isNamed ? ['name'] : ['matches', 0, 'path', 'value'];
	return locate(root, [...path, ...from]).node.env?.masked ?? name;
}
