/**
 * Faults that no single value shows: ports that collide, a rule's name given twice, a regular expression that does not
 * compile. Works on the tree, value by value, so that it finds them in a file that has other faults as well.
 */
import type * as z from 'zod';
import type { IssueList } from './issue-list.ts';
import { childOf, formatPath, type Located, lineText, locate, type PathSegment } from './located.ts';
import { port } from './schema/field.ts';
import { listenAddress } from './schema/listen.ts';
import { headerMatches, pathMatch, queryMatches } from './schema/match.ts';

export function checkFile(root: Located, issues: IssueList, compileRegex?: (source: string) => unknown): void {
	checkPorts(root, issues);
	checkRuleNames(root, issues);
	if (compileRegex !== undefined) checkRegexes(root, issues, compileRegex);
}

interface BoundPort {
	readonly path: readonly string[];
	readonly node: Located;
	readonly host: string;
	readonly port: number;
}

const LISTENERS = [
	['inbound', 'listen'],
	['admin', 'listen'],
	['probes', 'listen'],
	['telemetry', 'logIntake', 'listen'],
] as const;
const ADMIN_DEFAULT = '127.0.0.1:9901';
/** The app is called on localhost, so it is there that it listens, whatever other addresses it has. */
const APP_HOST = '127.0.0.1';

function checkPorts(root: Located, issues: IssueList): void {
	const bound: BoundPort[] = [];
	const appPort = valueAt(root, ['app', 'port'], port());
	if (appPort !== null) bound.push({ ...appPort, host: APP_HOST, port: appPort.value });
	for (const path of LISTENERS) {
		const fallback = path[0] === 'admin' ? ADMIN_DEFAULT : undefined;
		const found = valueAt(root, path, listenAddress(), fallback);
		if (found === null || found.value.port === 0) continue;
		const mine: BoundPort = { ...found, ...found.value };
		const other = bound.find((earlier) => earlier.port === mine.port && overlap(earlier.host, mine.host));
		if (other !== undefined) reportCollision(other, mine, issues);
		bound.push(mine);
	}
}

function reportCollision(first: BoundPort, second: BoundPort, issues: IssueList): void {
	// The admin port has a default: the fault is shown at what was written.
	const isDefault = second.node.kind === 'map';
	const [shown, other] = isDefault ? [first, second] : [second, first];
	const where = isDefault ? 'by default' : `on ${lineText(other.node.span, shown.node.span.file)}`;
	issues.error(shown.node.span, {
		path: shown.path,
		message: `\`${formatPath(shown.path)}\` takes the port that \`${formatPath(other.path)}\` has ${where}`,
		expected: 'a port of its own for each',
	});
}

const EVERYWHERE = new Set(['', '0.0.0.0', '::']);
const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '::1']);

function overlap(a: string, b: string): boolean {
	if (EVERYWHERE.has(a) || EVERYWHERE.has(b) || a === b) return true;
	// `localhost` may be either family.
	return (a === 'localhost' || b === 'localhost') && LOOPBACK_NAMES.has(a) && LOOPBACK_NAMES.has(b);
}

/** The valid value at a path, or its default with the node above it; `null` when there is neither. */
function valueAt<T>(root: Located, path: readonly string[], schema: z.ZodType<T>, fallback?: unknown) {
	const { node, depth } = locate(root, path);
	const isWritten = depth === path.length && node.value !== null;
	if (!isWritten && fallback === undefined) return null;
	const result = schema.safeParse(isWritten ? node.value : fallback);
	if (!result.success) return null;
	return { path, node, value: result.data };
}

function rulesOf(root: Located): readonly Located[] {
	return locate(root, ['inbound', 'routes']).node.items;
}

function checkRuleNames(root: Located, issues: IssueList): void {
	const first = new Map<string, Located>();
	for (const [index, rule] of rulesOf(root).entries()) {
		const name = rule.entries.get('name');
		if (typeof name?.value !== 'string') continue;
		const earlier = first.get(name.value);
		if (earlier === undefined) {
			first.set(name.value, name);
			continue;
		}
		const path: PathSegment[] = ['inbound', 'routes', index, 'name'];
		const message = `\`${formatPath(path)}\` is the name of the rule on ${lineText(earlier.span, name.span.file)} as well`;
		issues.error(name.span, { path, message, expected: 'a name of its own for each rule' });
	}
}

function checkRegexes(root: Located, issues: IssueList, compileRegex: (source: string) => unknown): void {
	for (const [ruleIndex, rule] of rulesOf(root).entries()) {
		for (const [index, match] of (rule.entries.get('matches')?.items ?? []).entries()) {
			const at: PathSegment[] = ['inbound', 'routes', ruleIndex, 'matches', index];
			for (const { source, node, path } of regexesOf(match, at)) {
				const reason = reasonAgainst(source, compileRegex);
				if (reason === null) continue;
				issues.error(node.span, {
					path,
					message: `\`${formatPath(path)}\` is not a regular expression${node.env === null ? `: ${reason}` : ''}`,
					expected: 'the syntax of RE2: no look-around, no back-references',
				});
			}
		}
	}
}

/** The regular expressions of a match, with where each stands. */
function* regexesOf(match: Located, at: readonly PathSegment[]) {
	const written = match.entries.get('path');
	const parsed = written === undefined ? null : pathMatch.safeParse(written.value);
	if (written !== undefined && parsed?.success === true && parsed.data.type === 'RegularExpression') {
		yield { source: parsed.data.value, node: childOf(written, 'value') ?? written, path: [...at, 'path'] };
	}
	for (const [key, schema] of [
		['headers', headerMatches],
		['queryParams', queryMatches],
	] as const) {
		for (const [index, item] of (match.entries.get(key)?.items ?? []).entries()) {
			const one = schema.safeParse([item.value]);
			const value = one.success ? one.data[0] : undefined;
			if (value?.type !== 'RegularExpression') continue;
			yield { source: value.value, node: childOf(item, 'value') ?? item, path: [...at, key, index, 'value'] };
		}
	}
}

function reasonAgainst(source: string, compileRegex: (source: string) => unknown): string | null {
	try {
		compileRegex(source);
		return null;
	} catch (cause) {
		return cause instanceof Error ? cause.message : String(cause);
	}
}
