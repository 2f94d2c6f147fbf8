/** A diff for people: the largest group first, each with its example and what changes. */
import { forTerminal } from '../config/for-terminal.ts';
import type { ChangeGroup, RouteDiff, UntoldGroup } from './diff.ts';
import { table } from './explain-text.ts';

/** Ends with a newline. */
export function diffText({ requests, changed, groups, untold }: RouteDiff): string {
	const verdict = changed === 0 ? 'nothing would change' : `${changed} would be treated otherwise`;
	const lines = [`${requests} recorded ${requests === 1 ? 'request' : 'requests'}: ${verdict}`];
	for (const group of groups) lines.push('', ...groupLines(group));
	for (const group of untold) lines.push('', ...untoldLines(group));
	return forTerminal(`${lines.join('\n')}\n`);
}

function groupLines({ count, example, changes }: ChangeGroup): string[] {
	const rows = changes.map(({ what, before, after }) => [what, `${before || '–'} → ${after || '–'}`]);
	return [`${count} × such as ${example}`, ...table(rows).map((line) => `  ${line}`)];
}

function untoldLines({ count, example, why }: UntoldGroup): string[] {
	return [`${count} × such as ${example}`, `  cannot be told: ${why}`];
}
