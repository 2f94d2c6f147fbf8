/** The slices of a service as one list of endpoints. */
import type { EndpointConfig } from '../../config/service-config.ts';
import { nearest } from '../../config/suggest.ts';
import type { Breathe } from '../../ports/control.ts';
import type { Slice, SliceEndpoint, SlicePort } from './slice.ts';
import { sortedInTurns } from './sort-in-turns.ts';

export interface Evaluation {
	/** Sorted by address; each once. */
	readonly endpoints: readonly EndpointConfig[];
	/** What of the slices makes no sense, or cannot be used; `''`: nothing. */
	readonly problem: string;
}

/** Endpoints between two breaths: a tenth of a millisecond, ten times that before the code is compiled. */
const ENDPOINTS_A_TURN = 300;
const MAX_PORT = 65_535;

/**
 * `port`: name or number of the pods' port; `''`: the only one. `family`: which addresses of a dual-stack service are
 * taken; the others serve where it has none. Endpoints that shut down but still answer count only when none is ready.
 */
export async function endpointsOf(
	slices: readonly Slice[],
	port: string,
	family: 'IPv4' | 'IPv6',
	breathe: Breathe,
): Promise<Evaluation> {
	const usable = slices.filter(({ endpoints }) => endpoints.length > 0);
	const problem = problemOf(slices, usable, port);
	if (problem !== '' && isAmbiguous(usable, port)) return { endpoints: [], problem };
	const groups = await groupsOf(usable, port, family, breathe);
	const found = groups.find(({ size }) => size > 0);
	if (found === undefined) return { endpoints: [], problem };
	const endpoints = [...found.values()];
	await breathe();
	return { endpoints: await sortedInTurns(endpoints, byAddress, breathe), problem };
}

/** In the order of preference: ready and of the family, ready, answering and of the family, answering. */
async function groupsOf(slices: readonly Slice[], port: string, family: string, breathe: Breathe) {
	const groups = [0, 1, 2, 3].map(() => new Map<string, EndpointConfig>());
	let sinceBreath = 0;
	for (const slice of slices) {
		const number = portNumber(slice, port);
		if (number === 0) continue;
		const other = slice.addressType === family ? 0 : 1;
		for (const endpoint of slice.endpoints) {
			const group = groups[(endpoint.isReady ? 0 : 2) + other];
			const key = `${endpoint.address} ${number}`;
			// Two slices may have the same pod while it moves from one to the other.
			if (group?.has(key) === false) group.set(key, endpointConfig(endpoint, number));
		}
		sinceBreath += slice.endpoints.length;
		if (sinceBreath < ENDPOINTS_A_TURN) continue;
		sinceBreath = 0;
		await breathe();
	}
	return groups;
}

function endpointConfig({ address, zone, labels }: SliceEndpoint, port: number): EndpointConfig {
	return { host: address, port, weight: 1, zone, labels, identity: '' };
}

function byAddress(a: EndpointConfig, b: EndpointConfig): number {
	if (a.host !== b.host) return a.host < b.host ? -1 : 1;
	return a.port - b.port;
}

/** 0: the slice has nothing for this port. */
function portNumber({ ports }: Slice, wanted: string): number {
	if (wanted === '') return ports.length === 1 ? (ports[0] as SlicePort).port : 0;
	const named = ports.find(({ name }) => name === wanted);
	if (named !== undefined) return named.port;
	const number = numberOf(wanted);
	return number !== 0 && ports.some(({ port }) => port === number || port === 0) ? number : 0;
}

/** 0: the text is no port number. */
function numberOf(text: string): number {
	const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return number <= MAX_PORT ? number : 0;
}

/** "The only one" means nothing where the slices have several. */
function isAmbiguous(slices: readonly Slice[], port: string): boolean {
	return port === '' && new Set(slices.flatMap(({ ports }) => ports.map(({ name }) => name))).size > 1;
}

function problemOf(slices: readonly Slice[], usable: readonly Slice[], port: string): string {
	const known = usable.flatMap(({ ports }) => ports);
	const told = [...new Set(known.map(inWords))].join(', ');
	if (isAmbiguous(usable, port)) return `the pods have several ports (${told}): name one of them as \`port\``;
	if (usable.length > 0 && usable.every((slice) => portNumber(slice, port) === 0)) {
		if (known.length === 0) return 'the endpoints have no TCP port';
		if (port === '') return 'the endpoints leave their port open: give its number as `port`';
		const meant = nearest(port, new Set(known.map(({ name }) => name).filter((name) => name !== '')));
		const hint = meant === '' ? '' : `; did you mean \`${meant}\`?`;
		return `no endpoint has a TCP port \`${port}\`; the pods' ports are ${told}${hint}`;
	}
	const others = slices.filter(({ addressType }) => addressType === 'other').map(({ name }) => name);
	if (others.length === 0) return '';
	return `addresses that are neither IPv4 nor IPv6 are not used (EndpointSlice ${others.join(', ')})`;
}

function inWords({ name, port }: SlicePort): string {
	if (name === '') return port === 0 ? 'any' : String(port);
	return port === 0 ? name : `${name} (${port})`;
}

/** Whether two sorted lists say the same. */
export function isSame(a: readonly EndpointConfig[], b: readonly EndpointConfig[]): boolean {
	return a.length === b.length && a.every((endpoint, index) => isSameEndpoint(endpoint, b[index] as EndpointConfig));
}

function isSameEndpoint(a: EndpointConfig, b: EndpointConfig): boolean {
	if (a.host !== b.host || a.port !== b.port || a.zone !== b.zone) return false;
	return a.labels === b.labels || (a.labels['pod'] === b.labels['pod'] && a.labels['node'] === b.labels['node']);
}
