/** What is allowed and still probably not meant. */
import type { Config, Match, Rule } from './config.ts';
import type { IssueList } from './issue-list.ts';
import { formatPath, type Located, lineText, locate, type PathSegment } from './located.ts';

export function warnAbout(config: Config, root: Located, issues: IssueList): void {
	const warn = (path: readonly PathSegment[], message: string, expected = ''): void => {
		const { node } = locate(root, path);
		issues.warning(node.kind === 'scalar' ? node.span : (node.key ?? { ...node.span, length: 1 }), {
			path,
			message,
			expected,
		});
	};
	if (!isLoopback(config.admin.listen.host)) {
		warn(['admin', 'listen'], '`admin.listen` is not a loopback address: whoever reaches it can read and drain');
	}
	if (config.passthrough)
		warn(['passthrough'], '`passthrough` forwards bytes: no rule, limit or metric of a request applies');
	if (config.app.protocol === 'tcp' && config.inbound.routes.length > 0) {
		warn(['inbound', 'routes'], '`inbound.routes` has no effect: `app.protocol: tcp` forwards bytes');
	}
	for (const [index, rule] of config.inbound.routes.entries())
		warnAboutRetry(rule, ['inbound', 'routes', index, 'retry'], warn);
	for (const { rule, index, shadowedBy } of findUnreachable(config.inbound.routes)) {
		const path = ['inbound', 'routes', index];
		const message = `\`${formatPath(path)}\` (\`${rule.name}\`) never matches: the rule on ${lineText(shadowedBy.at, rule.at.file)} takes all of its requests`;
		warn(path, message);
	}
}

type Warn = (path: readonly PathSegment[], message: string, expected?: string) => void;

function warnAboutRetry(rule: Rule, path: readonly PathSegment[], warn: Warn): void {
	if (rule.retry === null) return;
	if (rule.retry.methods === 'all') {
		warn(
			[...path, 'methods'],
			`\`${formatPath([...path, 'methods'])}\` repeats requests that may not be safe to repeat`,
			'`idempotent` or `idempotencyKey`',
		);
	}
	if (rule.retry.codes.length > 0) {
		warn([...path, 'codes'], `\`${formatPath([...path, 'codes'])}\` asks the app again for what it has answered`);
	}
}

function isLoopback(host: string): boolean {
	return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

interface Unreachable {
	readonly rule: Rule;
	readonly index: number;
	readonly shadowedBy: Rule;
}

/** Rules of which every host, path and method is taken by rules of the same host and path that stand before them. */
function findUnreachable(rules: readonly Rule[]): Unreachable[] {
	const taken = new Map<string, { readonly methods: readonly string[]; readonly rule: Rule }[]>();
	const unreachable: Unreachable[] = [];
	for (const [index, rule] of rules.entries()) {
		let shadowedBy: Rule | null = null;
		let isReachable = false;
		const own: { readonly key: string; readonly match: Match }[] = [];
		for (const hostname of rule.hostnames.length === 0 ? [''] : rule.hostnames) {
			for (const match of rule.matches) {
				const key = `${hostname} ${match.path.type} ${match.path.value}`;
				const winner = winnerOver(match, taken.get(key) ?? []);
				if (winner === null) isReachable = true;
				else shadowedBy = winner;
				own.push({ key, match });
			}
		}
		for (const { key, match } of own) {
			const list = taken.get(key);
			if (list === undefined) taken.set(key, [{ methods: match.methods, rule }]);
			else list.push({ methods: match.methods, rule });
		}
		if (!isReachable && shadowedBy !== null) unreachable.push({ rule, index, shadowedBy });
	}
	return unreachable;
}

/** With the same host and path, a match on methods goes before one on any; among equals the first in the file. */
function winnerOver(match: Match, earlier: readonly { methods: readonly string[]; rule: Rule }[]): Rule | null {
	const left = new Set(match.methods);
	const isRegex = match.path.type === 'RegularExpression';
	for (const { methods, rule } of earlier) {
		if (methods.length === 0 && (match.methods.length === 0 || isRegex)) return rule;
		if (match.methods.length === 0) continue;
		for (const method of methods) left.delete(method);
		if (left.size === 0) return rule;
	}
	return null;
}
