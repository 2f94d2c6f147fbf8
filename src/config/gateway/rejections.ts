/**
 * What none of a service's routes takes. The Gateway API has it that a service with routes gets only what one of them
 * matches: the rest is 404, as at a gateway. Other hosts on the outbound side are none of its business, so it is a rule.
 */
import type { Located } from '../located.ts';
import { listNode, mapNode, placeOf, scalarNode } from './nodes.ts';

const NOT_FOUND = 404;

/** A last rule for the hostnames that have rules and none for every request; of each document one at most. */
export function rejections(rules: readonly Located[]): readonly Located[] {
	const covered = new Set(rules.filter(takesAll).flatMap((rule) => hostnamesOf(rule).map(({ value }) => value)));
	const byDocument = new Map<string, { readonly rule: Located; readonly hostnames: Located[] }>();
	for (const rule of rules) {
		for (const hostname of hostnamesOf(rule)) {
			if (covered.has(hostname.value)) continue;
			covered.add(hostname.value);
			const document = rule.origin?.document ?? '';
			const known = byDocument.get(document);
			if (known === undefined) byDocument.set(document, { rule, hostnames: [hostname] });
			else known.hostnames.push(hostname);
		}
	}
	return [...byDocument.values()].flatMap(({ rule, hostnames }) => rejection(rule, hostnames) ?? []);
}

function rejection(rule: Located, hostnames: readonly Located[]): Located | null {
	if (rule.origin === undefined) return null;
	const place = placeOf(rule, rule.origin);
	const entries = new Map([
		['hostnames', listNode(hostnames, place)],
		['directResponse', mapNode(new Map([['status', scalarNode(NOT_FOUND, place)]]), place)],
	]);
	return mapNode(entries, place);
}

function hostnamesOf(rule: Located): readonly Located[] {
	return rule.entries.get('hostnames')?.items ?? [];
}

function takesAll(rule: Located): boolean {
	const matches = rule.entries.get('matches')?.items ?? [];
	return matches.length === 0 || matches.some(hasNoCondition);
}

function hasNoCondition(match: Located): boolean {
	const path = match.entries.get('path');
	const type = path?.entries.get('type')?.value ?? 'PathPrefix';
	const value = path?.entries.get('value')?.value ?? '/';
	const others = ['method', 'headers', 'queryParams'].map((key) => match.entries.get(key));
	return type === 'PathPrefix' && value === '/' && others.every((node) => isNothing(node));
}

function isNothing(node: Located | undefined): boolean {
	return node === undefined || node.value === null || (node.kind === 'list' && node.items.length === 0);
}
