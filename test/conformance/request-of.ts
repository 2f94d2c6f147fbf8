/** What is sent for a case. */
import type { Sent } from './round-trip.ts';
import type { ConformanceCase, Manifest, SentRequest } from './suite.ts';

/** Of the mesh's echo server, for cases that call it by gRPC and name no method. */
const MESH_CALL = '/proto.EchoTestService/Echo';
/** A frame of gRPC with an empty message: not compressed, length 0. */
const EMPTY_MESSAGE = Buffer.alloc(5);
const GRPC = { 'content-type': 'application/grpc', te: 'trailers' };
/** The ports of a Gateway that a URL leaves out. */
const DEFAULT_PORTS = new Set([80, 443]);

/** `''` when this client can send the case, else why it cannot. */
export function unsendable({ proto, request, upstream_args: args }: ConformanceCase): string {
	if (proto === undefined) return 'it sends nothing';
	if (proto === 'tcp') return 'it is not HTTP';
	if (args?.some((arg) => arg.startsWith('clientCert'))) return 'it shows a client certificate';
	const protocol = request?.protocol ?? 'grpc';
	return protocol === 'grpc' || protocol === 'http' ? '' : `it is sent by \`${protocol}\``;
}

/** `host`: for a request that names none. gRPC is sent by HTTP/1.1, which leaves routing and headers as they are. */
export function requestOf(one: ConformanceCase, host: string): Omit<Sent, 'port' | 'agent' | 'tls'> {
	const request = one.request ?? {};
	if (one.proto === 'grpc') {
		const headers = { ...request.metadata, ...GRPC };
		const body = request.message_hex === undefined ? EMPTY_MESSAGE : Buffer.from(request.message_hex, 'hex');
		return { method: 'POST', host: request.authority ?? host, path: pathOf(request), headers, body };
	}
	if (request.protocol === 'grpc') {
		return { method: 'POST', host: request.host ?? host, path: MESH_CALL, headers: GRPC, body: EMPTY_MESSAGE };
	}
	const echoed = Object.entries(request.echo_set_headers ?? {}).map(([name, value]) => `${name}:${value}`);
	return {
		method: request.method ?? 'GET',
		host: request.host ?? host,
		path: pathOf(request),
		headers: { ...request.headers, 'X-Echo-Set-Header': echoed.join(',') },
		body: request.body ?? null,
	};
}

function pathOf({ path }: SentRequest): string {
	return path === undefined || path === '' ? '/' : path;
}

/** The address of a gateway as a URL has it. */
export function authorityOf(gateway: Manifest | undefined, sections: readonly string[]): string {
	const listeners = gateway?.spec?.listeners ?? [];
	const port = (listeners.find(({ name }) => sections.includes(name)) ?? listeners[0])?.port ?? 80;
	return DEFAULT_PORTS.has(port) ? 'gateway.example' : `gateway.example:${port}`;
}
