/** The admin port: everything that an operator may see and do. Loopback callers only (`local-only.ts`). */
import type { BoundAddress, ControlReply, ControlRequest, ControlServer } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import { HttpControlServer } from './control-server.ts';
import { dispatch, type Endpoint, jsonPieces, jsonReply } from './endpoint.ts';
import { type LandingState, landingPage } from './landing-page.ts';
import { whyForeign } from './local-only.ts';
import { type ProbeProviders, probeEndpoints } from './probe-endpoints.ts';

export interface AdminProviders extends ProbeProviders {
	/** JSON text: the effective configuration, provenance, the last rejected update. */
	config(): AsyncIterable<string>;
	/** JSON text, as `config` is. */
	routes(): AsyncIterable<string>;
	services(): AsyncIterable<string>;
	/** What this workload shows of itself, and whom it believes. No keys. */
	certs(): object;
	landing(): LandingState;
	/** As SIGTERM does, without the exit. */
	drain(): void;
	/** False when there is no such level. */
	setLogLevel(level: string): boolean;
}

export interface AdminServerOptions {
	readonly listen: { readonly host: string; readonly port: number };
	readonly providers: AdminProviders;
	readonly log: Log;
	/** Further endpoints, under the same rule. */
	readonly endpoints?: readonly Endpoint[];
}

const STATUS_OK = 200;
const STATUS_ACCEPTED = 202;
const STATUS_NO_CONTENT = 204;
const STATUS_BAD_REQUEST = 400;
const STATUS_FORBIDDEN = 403;
/** `{"level":"debug"}` and some spaces. */
const MAX_LEVEL_BYTES = 256;

export class AdminServer implements ControlServer {
	private readonly server: HttpControlServer;
	private readonly endpoints: readonly Endpoint[];

	constructor({ listen, providers, log, endpoints }: AdminServerOptions) {
		this.endpoints = [...adminEndpoints(providers, () => this.endpoints), ...(endpoints ?? [])];
		this.server = new HttpControlServer({ listen, log, handler: (request) => this.handle(request) });
	}

	start(): Promise<BoundAddress> {
		return this.server.start();
	}

	stop(): Promise<void> {
		return this.server.stop();
	}

	private handle(request: ControlRequest): ControlReply | Promise<ControlReply> {
		const why = whyForeign(request.header('host'), request.header('origin'));
		if (why !== '') return jsonReply(STATUS_FORBIDDEN, { error: 'forbidden', detail: why });
		return dispatch(this.endpoints, request);
	}
}

function adminEndpoints(providers: AdminProviders, all: () => readonly Endpoint[]): Endpoint[] {
	const show = (path: string, about: string, read: () => AsyncIterable<string>): Endpoint => ({
		method: 'GET',
		path,
		about,
		handle: () => jsonPieces(read()),
	});
	return [
		{ method: 'GET', path: '/', about: 'this page', handle: () => landingPage(providers.landing(), all()) },
		...probeEndpoints(providers),
		show('/config', 'the effective configuration, with provenance', () => providers.config()),
		show('/routes', 'the rules of both sides, in the order of the file', () => providers.routes()),
		show('/services', 'services: circuits, pools, limits', () => providers.services()),
		{
			method: 'GET',
			path: '/certs',
			about: 'the certificate in force, when it expires, whom it believes',
			handle: () => jsonReply(STATUS_OK, providers.certs()),
		},
		{
			method: 'POST',
			path: '/drain',
			about: 'stop taking requests, as on SIGTERM, without the exit',
			handle: () => {
				providers.drain();
				return jsonReply(STATUS_ACCEPTED, { draining: true });
			},
		},
		{
			method: 'PUT',
			path: '/log-level',
			about: 'debug, info, warn or error, as plain text or as {"level": …}',
			handle: (request) => putLogLevel(request, providers),
		},
	];
}

async function putLogLevel(request: ControlRequest, providers: AdminProviders): Promise<ControlReply> {
	const body = await request.body(MAX_LEVEL_BYTES);
	const level = body === null ? '' : levelOf(new TextDecoder().decode(body).trim());
	if (providers.setLogLevel(level)) return { status: STATUS_NO_CONTENT, body: '' };
	return jsonReply(STATUS_BAD_REQUEST, { error: 'bad_request', detail: 'the level is debug, info, warn or error' });
}

/** The level in a plain or a JSON body; `''` when there is none. */
function levelOf(text: string): string {
	if (!/^[{"]/.test(text)) return text;
	try {
		const value: unknown = JSON.parse(text);
		const level = typeof value === 'object' && value !== null && 'level' in value ? value.level : value;
		return typeof level === 'string' ? level : '';
	} catch {
		return '';
	}
}
