/** `/recent` and `/explain`: what the sidecar has seen last, and what its rules do with a request. */
import type { HeaderValue } from '../config/config.ts';
import {
	type AskedRequest,
	parseAsked,
	parseHeaderLine,
	REQUEST_EXPECTED,
	type WayIn,
	WITHOUT_PORT_OF_SERVICE,
	wayIn,
} from '../explain/asked-request.ts';
import type { Explanation } from '../explain/explain.ts';
import type { ControlReply, ControlRequest } from '../ports/control.ts';
import { type Endpoint, jsonReply } from './endpoint.ts';

export interface ExplainProviders {
	/** The nearest `limit` losers are told one by one. */
	explain(asked: AskedRequest, limit: number): Promise<Explanation>;
	/** JSON of the recorded requests, in pieces. */
	recent(): AsyncIterable<string>;
	/** JSON of what the running rules do with each of them, in pieces. */
	recentFates(): AsyncIterable<string>;
}

const STATUS_OK = 200;
const STATUS_BAD_REQUEST = 400;
/** A head of the usual limits, and some words around it. */
const MAX_BODY_BYTES = 64 * 1024;
const NEAREST = 10;
/** What may be told one by one without stalling anything. */
const MAX_NEAREST = 100;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

export function explainEndpoints(providers: ExplainProviders): Endpoint[] {
	return [
		{
			method: 'GET',
			path: '/recent',
			about: 'the request heads seen last, without secrets',
			handle: () => ({ status: STATUS_OK, headers: JSON_TYPE, body: providers.recent() }),
		},
		{
			method: 'POST',
			path: '/explain',
			about:
				'which rule gets a request and why: {"request": "GET http://host/path", "headers": {…}, "side": …, "service": …}',
			handle: (request) => explain(request, providers),
		},
	];
}

async function explain(request: ControlRequest, providers: ExplainProviders): Promise<ControlReply> {
	const body = await request.body(MAX_BODY_BYTES);
	const given = body === null ? null : recordOf(new TextDecoder().decode(body));
	if (given === null) return refuse('the body is a JSON object of at most 64 KiB');
	if (given['recent'] === true) return { status: STATUS_OK, headers: JSON_TYPE, body: providers.recentFates() };
	const asked = askedOf(given);
	if (typeof asked === 'string') return refuse(asked);
	const { nearest } = given;
	const limit = typeof nearest === 'number' ? Math.min(Math.max(0, nearest), MAX_NEAREST) : NEAREST;
	return jsonReply(STATUS_OK, await providers.explain(asked, limit));
}

function refuse(detail: string): ControlReply {
	return jsonReply(STATUS_BAD_REQUEST, { error: 'bad_request', detail });
}

function recordOf(text: string): Readonly<Record<string, unknown>> | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as Readonly<Record<string, unknown>>)
			: null;
	} catch {
		return null;
	}
}

/** The request in a body, or what is wrong with it. */
function askedOf(given: Readonly<Record<string, unknown>>): AskedRequest | string {
	const { request, method = 'GET', host = 'localhost', path = '/', headers = {} } = given;
	const way = wayOf(given);
	if (typeof way === 'string') return way;
	const fields = headersOf(headers);
	if (fields === null) return '`headers` is an object of texts, or a list of lines such as "x-a: 1"';
	if (request === undefined) return ofParts(method, host, path, fields, way);
	const asked = typeof request === 'string' ? parseAsked(request, fields, way) : null;
	return asked ?? `\`request\` is ${REQUEST_EXPECTED}`;
}

function wayOf({ side, service = '' }: Readonly<Record<string, unknown>>): WayIn | string {
	if (typeof service !== 'string') return '`service` is the name of a service';
	const given = side ?? (service === '' ? 'inbound' : 'outbound');
	if (given !== 'inbound' && given !== 'outbound') return '`side` is `inbound` or `outbound`';
	return service !== '' && given === 'inbound' ? WITHOUT_PORT_OF_SERVICE : wayIn(given, service);
}

function ofParts(
	method: unknown,
	host: unknown,
	path: unknown,
	fields: readonly HeaderValue[],
	way: WayIn,
): AskedRequest | string {
	if (typeof method !== 'string' || typeof host !== 'string' || typeof path !== 'string') {
		return '`method`, `host` and `path` are texts';
	}
	const headers = fields.map(({ name, value }) => ({ name: name.toLowerCase(), value }));
	return { ...way, method, host, path, headers: headers.filter(({ name }) => name !== 'host') };
}

function headersOf(given: unknown): HeaderValue[] | null {
	if (typeof given !== 'object' || given === null) return null;
	const lines: unknown[] = Array.isArray(given)
		? given
		: Object.entries(given).map(([name, value]) => (typeof value === 'string' ? `${name}: ${value}` : null));
	const headers = lines.map((line) => (typeof line === 'string' ? parseHeaderLine(line) : null));
	return headers.every((header) => header !== null) ? headers : null;
}
