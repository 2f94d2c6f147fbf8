/**
 * A server that speaks the part of the Kubernetes API that concerns EndpointSlices, byte for byte as kube-apiserver does:
 * versions, pages, watches in chunks, bookmarks, compaction, bearer tokens, `Status` objects. And it can fail on purpose.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Certificate } from './certificate-authority.ts';
import type { SliceObject } from './endpoint-slice.ts';

const PATH = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices$/;
const SERVICE_LABEL = 'kubernetes.io/service-name';

export interface ApiRequest {
	readonly target: string;
	readonly namespace: string;
	readonly query: URLSearchParams;
	readonly authorization: string;
	readonly isWatch: boolean;
}

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

interface PastEvent {
	readonly version: number;
	readonly type: EventType;
	readonly object: SliceObject;
	/** Before the event; a selector may have taken that one alone. */
	readonly before: SliceObject | null;
}

/** Answers in the place of the server. False: it is left to the server. */
export type Answer = (request: ApiRequest, response: ServerResponse) => boolean;

export class ApiWatch {
	readonly request: ApiRequest;
	/** A version that has not been yet is waited for, as the real server does. */
	readonly from: number;
	private readonly response: ServerResponse;

	constructor(request: ApiRequest, response: ServerResponse) {
		this.request = request;
		this.from = Number(request.query.get('resourceVersion'));
		this.response = response;
	}

	/** True while the peer takes more at once. */
	send(type: EventType, object: unknown): boolean {
		return this.raw(`${JSON.stringify({ type, object })}\n`);
	}

	raw(text: string | Buffer): boolean {
		return !this.response.writableEnded && this.response.write(text);
	}

	/** Bytes that the peer has not taken. */
	get waiting(): number {
		return this.response.writableLength;
	}

	/** As when `timeoutSeconds` are over. */
	end(): void {
		this.response.end();
	}

	cut(): void {
		this.response.socket?.destroy();
	}

	takes(object: SliceObject | null): boolean {
		return object !== null && matches(this.request, object);
	}
}

export interface ApiOptions {
	readonly certificate?: Certificate;
	/** Tokens that are let in; `null`: anybody is. */
	readonly tokens?: Set<string>;
}

export class KubernetesApi {
	readonly requests: ApiRequest[] = [];
	readonly watches = new Set<ApiWatch>();
	/** Answers to `resourceVersion=0` come from the cache, which knows no `limit`. */
	isCached = true;
	answer: Answer = () => false;
	private readonly options: ApiOptions;
	private readonly objects = new Map<string, SliceObject>();
	private history: PastEvent[] = [];
	private readonly sockets = new Set<Socket>();
	private server: Server | null = null;
	private version = 100;
	/** Versions up to this one are forgotten. */
	private compacted = 0;

	constructor(options: ApiOptions = {}) {
		this.options = options;
	}

	/** `port` 0: any. */
	async start(port = 0): Promise<void> {
		const handle = (request: IncomingMessage, response: ServerResponse) => this.handle(request, response);
		const { certificate } = this.options;
		const server = certificate === undefined ? createServer(handle) : createSecureServer(certificate, handle);
		this.server = server;
		server.on('connection', (socket: Socket) => {
			this.sockets.add(socket);
			socket.on('close', () => this.sockets.delete(socket));
		});
		await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	}

	/** Every connection is cut; what is stored stays. */
	async stop(): Promise<void> {
		const { server } = this;
		const closed = new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
		for (const socket of this.sockets) socket.resetAndDestroy();
		this.watches.clear();
		await closed;
	}

	get port(): number {
		const address = this.server?.address() ?? null;
		if (address === null || typeof address === 'string') throw new Error('the server does not listen');
		return address.port;
	}

	get connections(): number {
		return this.sockets.size;
	}

	get currentVersion(): string {
		return String(this.version);
	}

	get lists(): ApiRequest[] {
		return this.requests.filter(({ isWatch }) => !isWatch);
	}

	/** Creates or replaces. */
	put(...slices: readonly SliceObject[]): void {
		for (const slice of slices) {
			const key = keyOf(slice);
			const before = this.objects.get(key) ?? null;
			this.version++;
			const object = { ...slice, metadata: { ...slice.metadata, resourceVersion: String(this.version) } };
			this.objects.set(key, object);
			this.happen({ version: this.version, type: before === null ? 'ADDED' : 'MODIFIED', object, before });
		}
	}

	delete(name: string, namespace = 'shop'): void {
		const before = this.objects.get(`${namespace}/${name}`);
		if (before === undefined) throw new Error(`there is no EndpointSlice ${namespace}/${name}`);
		this.objects.delete(`${namespace}/${name}`);
		this.version++;
		const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.version) } };
		this.happen({ version: this.version, type: 'DELETED', object, before });
	}

	/** Other resources change, too. */
	skip(versions: number): void {
		this.version += versions;
	}

	bookmark(): void {
		const metadata = { resourceVersion: String(this.version), creationTimestamp: null };
		const object = {
			kind: 'EndpointSlice',
			apiVersion: 'discovery.k8s.io/v1',
			metadata,
			addressType: '',
			endpoints: null,
			ports: null,
		};
		for (const watch of this.watches) watch.send('BOOKMARK', object);
	}

	/** What has been is forgotten: watches from before get 410. */
	compact(): void {
		this.compacted = this.version;
		this.history = [];
	}

	private happen(event: PastEvent): void {
		this.history.push(event);
		for (const watch of this.watches) if (event.version > watch.from) deliver(watch, event);
	}

	private handle(message: IncomingMessage, response: ServerResponse): void {
		const url = new URL(message.url ?? '/', 'http://api');
		const request: ApiRequest = {
			target: message.url ?? '',
			namespace: PATH.exec(url.pathname)?.[1] ?? '',
			query: url.searchParams,
			authorization: message.headers.authorization ?? '',
			isWatch: url.searchParams.get('watch') === '1',
		};
		this.requests.push(request);
		response.setHeader('audit-id', 'a1b2c3d4-0000-4000-8000-000000000000');
		response.setHeader('cache-control', 'no-cache, private');
		if (this.answer(request, response)) return;
		const { tokens } = this.options;
		if (tokens !== undefined && !tokens.has(request.authorization.replace(/^Bearer /, ''))) {
			return status(response, 401, 'Unauthorized', 'Unauthorized');
		}
		if (request.namespace === '')
			return status(response, 404, 'NotFound', 'the server could not find the requested resource');
		if (request.isWatch) this.watch(request, response);
		else this.list(request, response);
	}

	private list(request: ApiRequest, response: ServerResponse): void {
		const { query } = request;
		const asked = query.get('resourceVersion') ?? '';
		const limit = this.isCached && asked === '0' ? Number.POSITIVE_INFINITY : Number(query.get('limit') ?? 500);
		const token = query.get('continue');
		const { from, version } = token === null ? { from: '', version: this.version } : tokenOf(token);
		if (version < this.compacted) return gone(response, 'The provided continue parameter is too old');
		if (Number(asked) > this.version) return tooLarge(response, asked, this.version);
		const all = [...this.objects.values()]
			.filter((object) => matches(request, object) && object.metadata.name > from)
			.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
		const items = all.slice(0, limit);
		const rest = all.length - items.length;
		const last = items.at(-1)?.metadata.name ?? '';
		const more = rest === 0 ? null : { continue: tokenText(last, version), remainingItemCount: rest };
		response.setHeader('content-type', 'application/json');
		response.end(
			`${JSON.stringify({
				kind: 'EndpointSliceList',
				apiVersion: 'discovery.k8s.io/v1',
				metadata: { resourceVersion: String(version), ...more },
				items,
			})}\n`,
		);
	}

	private watch(request: ApiRequest, response: ServerResponse): void {
		response.setHeader('content-type', 'application/json');
		response.flushHeaders();
		const watch = new ApiWatch(request, response);
		const { from } = watch;
		if (from < this.compacted) {
			watch.send('ERROR', statusObject(410, 'Expired', `too old resource version: ${from} (${this.version})`));
			return watch.end();
		}
		for (const event of this.history) if (event.version > from) deliver(watch, event);
		this.watches.add(watch);
		response.on('close', () => this.watches.delete(watch));
	}
}

/** What has left the selector counts as deleted, what has come into it as added. */
function deliver(watch: ApiWatch, { type, object, before }: PastEvent): void {
	const isIn = type !== 'DELETED' && watch.takes(object);
	const wasIn = watch.takes(before);
	if (isIn) watch.send(wasIn ? 'MODIFIED' : 'ADDED', withKind(object));
	else if (wasIn) watch.send('DELETED', withKind(object));
}

/** Objects of a watch say what they are; items of a list do not. */
function withKind(object: SliceObject): Record<string, unknown> {
	return { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', ...object };
}

function matches({ namespace, query }: ApiRequest, { metadata }: SliceObject): boolean {
	if (metadata.namespace !== namespace) return false;
	const value = metadata.labels[SERVICE_LABEL] ?? '';
	const selector = query.get('labelSelector') ?? '';
	const many = /^kubernetes\.io\/service-name in \(([^)]*)\)$/.exec(selector);
	if (many !== null) return (many[1] as string).split(',').includes(value);
	if (selector === SERVICE_LABEL) return value !== '';
	if (selector.startsWith(`${SERVICE_LABEL}=`)) return value === selector.slice(SERVICE_LABEL.length + 1);
	throw new Error(`a selector that the real server would turn down: ${selector}`);
}

function keyOf({ metadata }: SliceObject): string {
	return `${metadata.namespace}/${metadata.name}`;
}

function tokenText(from: string, version: number): string {
	return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: from })).toString('base64url');
}

function tokenOf(token: string): { from: string; version: number } {
	const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString());
	return { from: start, version: rv };
}

export function statusObject(code: number, reason: string, message: string): Record<string, unknown> {
	return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

export function status(response: ServerResponse, code: number, reason: string, message: string): void {
	response.statusCode = code;
	response.setHeader('content-type', 'application/json');
	response.end(`${JSON.stringify(statusObject(code, reason, message))}\n`);
}

export function gone(response: ServerResponse, message: string): void {
	status(response, 410, 'Expired', message);
}

function tooLarge(response: ServerResponse, asked: string, current: number): void {
	status(response, 504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`);
}

export function forbidden(response: ServerResponse, verb: string): void {
	const who = 'User "system:serviceaccount:shop:default"';
	const what = `cannot ${verb} resource "endpointslices" in API group "discovery.k8s.io" in the namespace "shop"`;
	status(response, 403, 'Forbidden', `endpointslices.discovery.k8s.io is forbidden: ${who} ${what}`);
}

/** As the filter before the API answers: in plain text. */
export function tooManyRequests(response: ServerResponse, seconds: number): void {
	response.statusCode = 429;
	response.setHeader('content-type', 'text/plain; charset=utf-8');
	response.setHeader('retry-after', String(seconds));
	response.end('Too many requests, please try again later.\n');
}
