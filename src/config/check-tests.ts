/** `tests` that expect a rule which is not there. Needs the built rules: an unnamed one is called by its path. */
import type { Config, Side } from './config.ts';
import type { IssueList } from './issue-list.ts';
import { formatPath, type Located, locate, type PathSegment } from './located.ts';
import { maskedName } from './rule-name.ts';
import { nearest } from './suggest.ts';

export function checkTests(config: Config, root: Located, issues: IssueList): void {
	const names = {
		inbound: new Set(config.inbound.routes.map((rule) => rule.name)),
		outbound: new Set(config.outbound?.routes.map((rule) => rule.name)),
	};
	for (const [index, { request, expect }] of config.tests.entries()) {
		const path: PathSegment[] = ['tests', index, 'expect', 'route'];
		const known = names[request.side];
		if (expect.route === null || expect.route === '' || known.has(expect.route)) continue;
		const { node } = locate(root, path);
		const guess = node.env === null ? nearest(expect.route, toldNames(config, request.side, root)) : '';
		issues.error(node.span, {
			path,
			message: `\`${formatPath(path)}\` is the name of no rule under \`${request.side}.routes\``,
			expected: 'the name of a rule, an unnamed one by its first path, or `""` for none',
			hint: guess === '' ? '' : `did you mean \`${guess}\`?`,
		});
	}
}

/** Names that are no values of the environment. */
function toldNames({ inbound, outbound }: Config, side: Side, root: Located): string[] {
	const rules = side === 'inbound' ? inbound.routes : (outbound?.routes ?? []);
	const names = rules.map((rule, index) => ({ rule, shown: maskedName(root, [side, 'routes', index], rule) }));
	return names.filter(({ rule, shown }) => rule.name === shown).map(({ shown }) => shown);
}
