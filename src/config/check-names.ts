/** Names that are given twice, and names of nothing. */
import type * as z from 'zod';
import type { IssueList } from './issue-list.ts';
import {
	formatPath,
	isWritten,
	type Located,
	lineText,
	locate,
	type PathSegment,
	scalarText,
	writtenPath,
} from './located.ts';
import { kubernetesName } from './schema/endpoint-source.ts';
import { canonicalHostname } from './schema/names.ts';
import { describeField, type Field, schemaOfKey } from './schema/walk.ts';

/**
 * Each side has its own names. Two documents of other kinds may have the same one: in the Gateway API names are their
 * route's own. But one of the route file means that rule alone.
 */
export function checkRuleNames(root: Located, side: string, issues: IssueList): void {
	const first = new Map<string, Located>();
	for (const [index, rule] of locate(root, [side, 'routes']).node.items.entries()) {
		const name = rule.entries.get('name');
		if (typeof name?.value !== 'string') continue;
		const document = rule.origin?.document ?? '';
		const earlier = first.get(`${document}\0${name.value}`) ?? first.get(`\0${name.value}`);
		if (earlier === undefined) {
			first.set(`${document}\0${name.value}`, name);
			continue;
		}
		const path = writtenPath(root, [side, 'routes', index, 'name']);
		const message = `\`${formatPath(path)}\` is the name of the rule on ${lineText(earlier.span, name.span.file)} as well`;
		issues.error(name.span, { path, message, expected: 'a name of its own for each rule' });
	}
}

interface Named {
	readonly service: string;
	readonly node: Located;
	/** As they stand in the file; empty: every port. */
	readonly ports: readonly string[];
}

/** Callers say a hostname and a port, so these must mean one service. */
export function checkHostnames(root: Located, issues: IssueList): void {
	const named = new Map<string, Named[]>();
	for (const [service, entry] of locate(root, ['services']).node.entries) {
		const ports = [...(entry.entries.get('ports')?.entries.values() ?? [])].map(({ value }) => scalarText(value));
		for (const [index, node] of (entry.entries.get('hostnames')?.items ?? []).entries()) {
			if (typeof node.value !== 'string') continue;
			const hostname = canonicalHostname(node.value);
			const known = named.get(hostname) ?? [];
			named.set(hostname, known);
			const earlier = known.find((one) => one.service !== service && haveCommonPort(one.ports, ports));
			known.push({ service, node, ports });
			if (earlier === undefined) continue;
			const path = writtenPath(root, ['services', service, 'hostnames', index]);
			const other = `\`services.${earlier.service}\` on ${lineText(earlier.node.span, node.span.file)}`;
			const message = `\`${formatPath(path)}\` is a hostname of ${other} as well`;
			issues.error(node.span, { path, message, expected: 'one service for each hostname and port' });
		}
	}
}

function haveCommonPort(a: readonly string[], b: readonly string[]): boolean {
	return a.length === 0 || b.length === 0 || a.some((port) => b.includes(port));
}

/** A service of the cluster is in the app's namespace, which may be called as none of Kubernetes can. */
export function checkNamespaces(root: Located, issues: IssueList): void {
	const namespace = locate(root, ['app']).node.entries.get('namespace');
	if (typeof namespace?.value !== 'string' || kubernetesName().safeParse(namespace.value).success) return;
	for (const [service, entry] of locate(root, ['services']).node.entries) {
		const source = entry.entries.get('kubernetes');
		if (source?.kind !== 'map' || isWritten(source, ['namespace'])) continue;
		const path = writtenPath(root, ['services', service, 'kubernetes']);
		issues.error(source.key ?? source.span, {
			path,
			message: `\`${formatPath(path)}\` is in the namespace \`app.namespace\`, which is no name in Kubernetes`,
			expected: '`namespace: shop` in it',
		});
	}
}

/** A key without a value means its default; a name of the file's own has none, and would vanish without a word. */
export function checkNamesOfNothing(root: Located, issues: IssueList, schema: z.core.$ZodType): void {
	visit(describeField(schema), root, [], { root, issues });
}

interface Visit {
	readonly root: Located;
	readonly issues: IssueList;
}

function visit(field: Field, node: Located, path: readonly PathSegment[], context: Visit): void {
	const isShortList = field.items !== null && node.kind === 'map';
	for (const [name, child] of node.entries) {
		const below = [...path, name];
		const schema = schemaOfKey(field, name);
		if (child.value === null && (field.values !== null || isShortList || needsValue(schema))) {
			reportNothing(child, below, context);
		}
		if (schema !== null && child.kind !== 'scalar') visit(describeField(schema), child, below, context);
	}
	if (field.items === null) return;
	const item = describeField(field.items);
	// Lists of scalars, of which there may be many, have no names in them.
	if (item.keys === null) return;
	for (const [index, child] of node.items.entries()) visit(item, child, [...path, index], context);
}

function needsValue(schema: z.core.$ZodType | null): boolean {
	return schema !== null && describeField(schema).facts.needsValue === true;
}

function reportNothing(node: Located, where: readonly PathSegment[], { root, issues }: Visit): void {
	const path = writtenPath(root, where);
	const message = `\`${formatPath(path)}\` has no value`;
	issues.error(node.key ?? node.span, { path, message, expected: 'a value, or no such key' });
}
