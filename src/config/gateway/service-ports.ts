/**
 * Ports of a service that a route is attached to. The route file has no word for the port that a call is for, so rules for
 * some of them have one more condition: on the host, which callers write with its port.
 */
import type { Located } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import type { Hostname } from './listeners.ts';
import { extended, listNode, mapNode, type Place, placeOf, replaced, scalarNode } from './nodes.ts';

/** A port, and where it was written. */
export interface AttachedPort {
	readonly number: number;
	readonly place: Place;
}

export interface ServiceParent {
	readonly hostnames: readonly Hostname[];
	/** `null`: all. */
	readonly port: AttachedPort | null;
	/** Those that the service has; `null`: nothing is known of it. */
	readonly known: readonly number[] | null;
}

/** Names of services where a route is attached to the same ports. */
export interface PortGroup {
	readonly hostnames: readonly Hostname[];
	/** Ascending; empty: all. */
	readonly ports: readonly AttachedPort[];
}

/** A rule that does not have the condition on its ports yet. */
export interface PortRule {
	readonly rule: Located;
	/** Ascending; empty: all. */
	readonly ports: readonly AttachedPort[];
}

const HOST = 'host';
/** What a plain `http://` means. */
const HTTP_PORT = 80;
/** The route file takes 16. */
const MAX_OTHER_HEADERS = 15;

/** Of the parents of one route. Whatever is for all ports comes first. */
export function portGroups(parents: readonly ServiceParent[]): readonly PortGroup[] {
	const byName = new Map<string, { readonly hostname: Hostname; readonly ports: Map<number, AttachedPort> | null }>();
	for (const { hostnames, port, known } of parents) {
		for (const hostname of hostnames) {
			const before = byName.get(hostname.text);
			const ports = before === undefined ? new Map<number, AttachedPort>() : before.ports;
			if (port !== null && ports?.has(port.number) === false) ports.set(port.number, port);
			const isAll = port === null || known?.every((number) => ports?.has(number)) === true;
			byName.set(hostname.text, { hostname: before?.hostname ?? hostname, ports: isAll ? null : ports });
		}
	}
	const groups = new Map<string, { readonly hostnames: Hostname[]; readonly ports: readonly AttachedPort[] }>();
	for (const { hostname, ports } of byName.values()) {
		const inOrder = [...(ports?.values() ?? [])].sort((a, b) => a.number - b.number);
		const key = numbersOf(inOrder).join();
		const group = groups.get(key);
		if (group === undefined) groups.set(key, { hostnames: [hostname], ports: inOrder });
		else group.hostnames.push(hostname);
	}
	return [...groups.values()].sort((a, b) => Math.min(a.ports.length, 1) - Math.min(b.ports.length, 1));
}

function numbersOf(ports: readonly AttachedPort[]): readonly number[] {
	return ports.map(({ number }) => number);
}

/** `rulesFor`: those of the route for some hostnames. */
export function portRules(
	document: GatewayDocument,
	groups: readonly PortGroup[],
	rulesFor: (hostnames: readonly Hostname[]) => readonly Located[],
): readonly PortRule[] {
	// Beside an error there is no need of the condition, which might make for another one.
	const isSayable = groups.every(({ ports }) => ports.length === 0) || hasRoomForPorts(document);
	return groups.flatMap(({ hostnames, ports }, index) =>
		rulesFor(hostnames).map((rule) => ({
			rule: index === 0 ? rule : renamed(rule, ports),
			ports: isSayable ? ports : [],
		})),
	);
}

/** Whether each match can have one more condition; says where it cannot. */
function hasRoomForPorts(document: GatewayDocument): boolean {
	let hasRoom = true;
	for (const rule of document.list(['spec', 'rules']).keys()) {
		for (const match of document.list(['spec', 'rules', rule, 'matches']).keys()) {
			const path: Path = ['spec', 'rules', rule, 'matches', match, 'headers'];
			if (!hasRoomForHost(document, path)) hasRoom = false;
		}
	}
	return hasRoom;
}

function hasRoomForHost(document: GatewayDocument, path: Path): boolean {
	const node = document.at(path);
	if (node === null) return true;
	const headers = document.list(path);
	if (headers.length > MAX_OTHER_HEADERS) {
		const expected = `at most ${MAX_OTHER_HEADERS} where a parent has a \`port\``;
		document.error(node, path, 'has too many entries', { expected });
	}
	// Of several conditions on one header only the first would count.
	const index = headers.findIndex((header) => String(header.entries.get('name')?.value).toLowerCase() === HOST);
	const at = headers[index]?.entries.get('name');
	if (at !== undefined) {
		const expected = `a parent without \`port\`, or another header than \`${HOST}\``;
		document.error(at, [...path, index, 'name'], 'cannot stand beside the `port` of a parent', { expected });
	}
	return node.kind === 'list' && headers.length <= MAX_OTHER_HEADERS && at === undefined;
}

/** Rules of one side must not share a name. */
function renamed(rule: Located, ports: readonly AttachedPort[]): Located {
	const name = rule.entries.get('name');
	if (rule.origin === undefined || typeof name?.value !== 'string') return rule;
	const place = placeOf(name, { ...rule.origin, path: [...rule.origin.path, 'name'] });
	return replaced(rule, { name: scalarNode(`${name.value}:${numbersOf(ports).join('+')}`, place, name) });
}

/** The rule with what its ports ask for in each of its matches. */
export function heldToPorts({ rule, ports }: PortRule): Located {
	const [first] = ports;
	if (first === undefined) return rule;
	const { place } = first;
	const condition = headerNode(hostPattern(numbersOf(ports)), place);
	const matches = rule.entries.get('matches');
	if (matches === undefined || matches.value === null || (matches.kind === 'list' && matches.items.length === 0)) {
		return replaced(rule, { matches: listNode([withHeader(mapNode(new Map(), place), condition, place)], place) });
	}
	const items = matches.items.map((match) => (match.kind === 'map' ? withHeader(match, condition, place) : match));
	return replaced(rule, { matches: extended({ ...matches, items: [] }, items) });
}

function withHeader(match: Located, condition: Located, place: Place): Located {
	const headers = match.entries.get('headers');
	const isNothing = headers === undefined || headers.value === null;
	return replaced(match, { headers: isNothing ? listNode([condition], place) : extended(headers, [condition]) });
}

function headerNode(pattern: string, place: Place): Located {
	const entries = { type: 'RegularExpression', name: HOST, value: pattern };
	return mapNode(new Map(Object.entries(entries).map(([key, text]) => [key, scalarNode(text, place)])), place);
}

/** Hosts of these ports, as `http/authority.ts` takes them: the port may be empty, and may have zeros in front. */
function hostPattern(numbers: readonly number[]): string {
	const port = numbers.length === 1 ? `0*${numbers[0]}` : `0*(${numbers.join('|')})`;
	return numbers.includes(HTTP_PORT) ? `[^:]*(:(${port})?)?` : `[^:]*:${port}`;
}
