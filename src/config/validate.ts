/** Holds a tree against its schema: the typed value, or every fault with its place. */
import type * as z from 'zod';
import type { IssueList } from './issue-list.ts';
import { asWritten, formatPath, type Located, locate, type PathSegment, writtenPath } from './located.ts';
import { type EndpointsInput, endpointList } from './schema/endpoints.ts';
import { type RouteFile, routeFileSchema } from './schema/route-file.ts';
import { describeField, type Field, fieldAt } from './schema/walk.ts';
import { nearest } from './suggest.ts';

/** Keys at the top for anchors and whatever else is none of our business. */
const EXTENSION_KEY = /^x-/;

/** `null` when there were faults. */
export function validate(root: Located, issues: IssueList): RouteFile | null {
	const tree: Tree = { root, schema: routeFileSchema, what: 'the route file', issues };
	return resultOf(routeFileSchema.safeParse(withoutExtensions(root.value), { reportInput: false }), tree);
}

/** The same of a file that holds endpoints alone. */
export function validateEndpoints(root: Located, issues: IssueList): EndpointsInput | null {
	const tree: Tree = { root, schema: endpointList, what: 'the file', issues };
	return resultOf(endpointList.safeParse(root.value, { reportInput: false }), tree);
}

/** What is held against what. */
interface Tree {
	readonly root: Located;
	readonly schema: z.core.$ZodType;
	/** As messages call the whole. */
	readonly what: string;
	readonly issues: IssueList;
}

function resultOf<T>(result: z.ZodSafeParseResult<T>, tree: Tree): T | null {
	if (result.success) return result.data;
	for (const issue of result.error.issues) report(issue, tree);
	return null;
}

function withoutExtensions(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
	return Object.fromEntries(Object.entries(value).filter(([key]) => !EXTENSION_KEY.test(key)));
}

function report(issue: z.core.$ZodIssue, tree: Tree): void {
	const { root, schema } = tree;
	const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
	const field = fieldAt(schema, path);
	if (issue.code === 'unrecognized_keys') {
		for (const key of issue.keys) reportKey(key, path, field, tree);
		return;
	}
	const { node, depth } = locate(root, path);
	if (depth < path.length && node.kind !== 'scalar') {
		reportMissing(path, field, tree);
		return;
	}
	const there = path.slice(0, depth);
	const spelled = asWritten(root, there);
	const isShortForm = typeof path[depth - 1] === 'number' && typeof spelled.at(-1) === 'string';
	const place = { path: writtenPath(root, there, spelled), node, isKey: isShortForm && path[depth] === 'name' };
	reportValue(issue, place, field, tree);
}

function reportKey(key: string, parent: readonly PathSegment[], field: Field | null, tree: Tree): void {
	const { root, issues } = tree;
	const owner = locate(root, parent).node;
	const span = owner.entries.get(key)?.key ?? owner.span;
	const path = writtenPath(root, [...parent, key]);
	if (field?.facts.laterKeys?.includes(key) === true) {
		issues.error(span, { path, message: `\`${key}\` is not supported by this version` });
		return;
	}
	const known = Object.keys(field?.keys ?? {});
	const place = parent.length === 0 ? '' : ` in \`${formatPath(writtenPath(root, parent))}\``;
	issues.error(span, {
		path,
		message: `unknown key \`${key}\`${place}`,
		expected: known.length === 0 ? 'no keys here' : `one of ${known.map((name) => `\`${name}\``).join(', ')}`,
		hint: hintForKey(key, field),
	});
}

function hintForKey(key: string, field: Field | null): string {
	if (field === null || field.keys === null) return '';
	const reason = field.facts.reasonsAgainst?.[key];
	if (reason !== undefined) return reason;
	const guess = nearest(key, [...Object.keys(field.keys), ...(field.facts.laterKeys ?? [])]);
	// `port` for `ports` is no key of another place.
	if (guess.startsWith(key)) return didYouMean(guess);
	for (const [name, schema] of Object.entries(field.keys)) {
		const below = describeField(schema);
		const inner = below.items ?? below.values;
		const keys = inner === null ? below.keys : describeField(inner).keys;
		if (keys !== null && Object.hasOwn(keys, key)) return `\`${key}\` stands under \`${name}\``;
	}
	return didYouMean(guess);
}

function didYouMean(guess: string): string {
	return guess === '' ? '' : `did you mean \`${guess}\`?`;
}

function reportMissing(path: readonly PathSegment[], field: Field | null, { root, issues }: Tree): void {
	const { node: parent, depth } = locate(root, path);
	const key = path[depth];
	const place = depth === 0 ? '' : ` in \`${formatPath(writtenPath(root, path.slice(0, depth)))}\``;
	// An item of a list has no key of its own: the place of the first thing in it is told.
	const span = parent.entries.get(String(key))?.key ?? parent.key ?? { ...parent.span, length: 1 };
	issues.error(span, {
		path: writtenPath(root, path),
		message: `\`${key}\` is missing${place}`,
		expected: field?.facts.expected ?? '',
	});
}

interface Place {
	readonly path: readonly PathSegment[];
	readonly node: Located;
	/** It is the key that is wrong: the short form of a list has its names there. */
	readonly isKey: boolean;
}

function reportValue(issue: z.core.$ZodIssue, place: Place, field: Field | null, { what, issues }: Tree): void {
	const { path, node } = place;
	const shown = path.length === 0 ? what : `\`${formatPath(path)}\``;
	const isKey = place.isKey || (issue.code === 'custom' && issue.params?.['isKey'] === true);
	// A mapping or list that should be something else: its key is enough to show.
	const span = node.kind === 'scalar' && !isKey ? node.span : (node.key ?? { ...node.span, length: 1 });
	if (node.env === null && field?.facts.isLaterValue?.(node.value) === true) {
		const message = `\`${path.at(-1)}: ${String(node.value)}\` is not supported by this version`;
		issues.error(span, { path, message, expected: field.facts.expected ?? '' });
		return;
	}
	issues.error(span, {
		path,
		message: `${shown} ${predicateOf(issue, field)}`,
		expected: expectedBy(issue, field),
		hint: hintFor(issue, field, node),
	});
}

/** What is wrong with the value. Never the value itself: it may have come from the environment. */
function predicateOf(issue: z.core.$ZodIssue, field: Field | null): string {
	if (issue.code === 'custom') return issue.message;
	if (issue.code === 'too_big') return issue.origin === 'array' ? 'has too many entries' : 'is too large';
	if (issue.code === 'too_small') return issue.origin === 'array' ? 'has too few entries' : 'is too small';
	return `is not ${field?.facts.noun ?? 'valid'}`;
}

function expectedBy(issue: z.core.$ZodIssue, field: Field | null): string {
	const own = issue.code === 'custom' ? String(issue.params?.['expected'] ?? '') : '';
	if (own !== '' || issue.code === 'custom') return own;
	if (issue.code === 'too_small' && issue.origin === 'array') return `at least ${issue.minimum}`;
	if (issue.code === 'too_big' && issue.origin === 'array') return `at most ${issue.maximum}`;
	return field?.facts.expected ?? '';
}

function hintFor(issue: z.core.$ZodIssue, field: Field | null, node: Located): string {
	if (node.env !== null) return `the value comes from ${node.env.names.map((name) => `\`${name}\``).join(', ')}`;
	if (issue.code === 'invalid_value' && typeof node.value === 'string') {
		return didYouMean(nearest(node.value, issue.values.map(String)));
	}
	const isNumberForText = field?.facts.type === 'text' && typeof node.value === 'number';
	return isNumberForText ? 'a number needs quotes to be text' : '';
}
