/**
 * What none of a service's routes takes. The Gateway API has it that a service with routes gets only what one of them
 * matches: the rest is 404, as at a gateway. Other hosts on the outbound side are none of its business, so it is a rule;
 * nor are other ports, where all routes are for some only.
 */
import type { Located } from '../located.ts';
import { canonicalHostname } from '../schema/names.ts';
import { listNode, mapNode, placeOf, scalarNode } from './nodes.ts';
import type { AttachedPort, PortRule } from './service-ports.ts';

const NOT_FOUND = 404;

/** The rules for a hostname: what some of its ports are asked for, and what all are. */
interface Routed {
	readonly hostname: Located;
	readonly byPort: Map<number, { readonly port: AttachedPort; readonly first: Located; isCovered: boolean }>;
	/** The first rule for all ports; `null`: there is none. */
	first: Located | null;
	isCovered: boolean;
}

/**
 * Last rules for the hostnames and ports that have rules and none for every request; of each document one at most for the
 * same ports. `native`: outbound rules of the route file.
 */
export function rejections(rules: readonly PortRule[], native: readonly Located[]): readonly PortRule[] {
	const byKey = new Map<string, { readonly rule: Located; hostnames: Located[]; ports: readonly AttachedPort[] }>();
	const reject = (rule: Located, hostname: Located, ports: readonly AttachedPort[]): void => {
		const key = [rule.origin?.document, ...ports.map(({ number }) => number)].join(' ');
		const known = byKey.get(key);
		if (known === undefined) byKey.set(key, { rule, hostnames: [hostname], ports });
		else known.hostnames.push(hostname);
	};
	const taken = new Set(native.filter(isBehindPorts).flatMap((rule) => hostnamesOf(rule).map(nameOf)));
	for (const { hostname, byPort, first, isCovered } of routedOf(rules)) {
		if (first !== null) {
			// A condition on ports would have it go before rules that have none.
			if (!isCovered) reject(first, hostname, []);
		} else if (!taken.has(nameOf(hostname))) {
			for (const [rule, ports] of openPorts(byPort)) reject(rule, hostname, ports);
		}
	}
	return [...byKey.values()].flatMap(({ rule, hostnames, ports }) => {
		const last = rejection(rule, hostnames);
		return last === null ? [] : [{ rule: last, ports }];
	});
}

function routedOf(rules: readonly PortRule[]): readonly Routed[] {
	const byName = new Map<unknown, Routed>();
	for (const { rule, ports } of rules) {
		const isForAll = takesAll(rule);
		for (const hostname of hostnamesOf(rule)) {
			const routed = byName.get(hostname.value) ?? { hostname, byPort: new Map(), first: null, isCovered: false };
			byName.set(hostname.value, routed);
			if (ports.length === 0) {
				routed.first ??= rule;
				routed.isCovered ||= isForAll;
			}
			for (const port of ports) {
				const known = routed.byPort.get(port.number);
				if (known === undefined) routed.byPort.set(port.number, { port, first: rule, isCovered: isForAll });
				else known.isCovered ||= isForAll;
			}
		}
	}
	return [...byName.values()];
}

/** Ports that have no rule for every request, by the first rule of the document that has them first. */
function openPorts(byPort: Routed['byPort']): Iterable<readonly [Located, readonly AttachedPort[]]> {
	const byDocument = new Map<string, readonly [Located, AttachedPort[]]>();
	for (const { port, first, isCovered } of byPort.values()) {
		if (isCovered) continue;
		const document = first.origin?.document ?? '';
		const known = byDocument.get(document);
		if (known === undefined) byDocument.set(document, [first, [port]]);
		else known[1].push(port);
	}
	return byDocument.values();
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

function nameOf({ value }: Located): string {
	return canonicalHostname(String(value));
}

/** Whether a rule of the route file has a match that would stand behind a rule for every request to one port. */
function isBehindPorts(rule: Located): boolean {
	return hasMatchWithout(rule, ['method', 'headers']);
}

function takesAll(rule: Located): boolean {
	return hasMatchWithout(rule, ['method', 'headers', 'queryParams']);
}

function hasMatchWithout(rule: Located, conditions: readonly string[]): boolean {
	const matches = rule.entries.get('matches')?.items ?? [];
	if (matches.length === 0) return true;
	return matches.some((match) => isAnyPath(match) && conditions.every((key) => isNothing(match.entries.get(key))));
}

function isAnyPath(match: Located): boolean {
	const path = match.entries.get('path');
	if (path?.kind === 'scalar') return path.value === null || path.value === '/';
	const type = path?.entries.get('type')?.value ?? 'PathPrefix';
	const value = path?.entries.get('value')?.value ?? '/';
	return type === 'PathPrefix' && value === '/';
}

function isNothing(node: Located | undefined): boolean {
	return (
		node === undefined ||
		node.value === null ||
		(node.items.length === 0 && node.entries.size === 0 && node.kind !== 'scalar')
	);
}
