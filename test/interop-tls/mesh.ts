/**
 * A workload `orders` with its sidecar, and certificates for those who talk TLS with it. The sidecar is a process of its own and
 * all certificates are of `outrigger certs`, so that what others make of them is what users will see.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { expect } from 'vitest';
import { CertsFolder } from '../cli/certs/folder.ts';
import { Front } from '../e2e/front.ts';
import type { IdentityFiles } from '../support/pki.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';

export const ORDERS = 'spiffe://mesh.local/ns/shop/sa/orders';
export const WEB = 'spiffe://mesh.local/ns/shop/sa/web';
/** Nobody's. */
export const PAYMENTS = 'spiffe://mesh.local/ns/shop/sa/payments';
/** DNS names of their certificates: nginx, HAProxy and curl look at those. */
export const ORDERS_HOST = 'orders.shop.svc';
export const WEB_HOST = 'web.shop.svc';
const XFCC = 'x-forwarded-client-cert';

export interface Answer {
	readonly status: number;
	readonly body: string;
	readonly headers: http.IncomingHttpHeaders;
}

export class Mesh {
	/** Answers with the `x-forwarded-client-cert` that it was sent, a line each. */
	readonly app: RecordingOrigin;
	readonly orders: IdentityFiles;
	readonly web: IdentityFiles;
	/** Says that it is `web`, by a CA of the same trust domain that nobody else believes; it believes that CA alone. */
	readonly stranger: IdentityFiles;
	private readonly folders: readonly CertsFolder[];
	private front: Front | null = null;
	private counted: Record<string, number> = {};
	private told = 0;

	private constructor(app: RecordingOrigin, folders: readonly [CertsFolder, CertsFolder]) {
		const [ours, others] = folders;
		this.app = app;
		this.folders = folders;
		this.orders = filesOf(ours, 'orders');
		this.web = filesOf(ours, 'web');
		this.stranger = filesOf(others, 'web');
	}

	static async make(): Promise<Mesh> {
		const ours = new CertsFolder();
		const others = new CertsFolder();
		for (const folder of [ours, others]) {
			await folder.init({ trustDomain: 'mesh.local' });
			await folder.issue({ id: WEB, dns: [WEB_HOST] });
		}
		await ours.issue({ id: ORDERS, dns: [ORDERS_HOST] });
		return new Mesh(await startTeller(), [ours, others]);
	}

	/** `more`: blocks of the route file, `tls` being keys beside the three files. */
	async start(more: { tls?: object; services?: object } = {}): Promise<void> {
		this.front = await Front.start({
			app: { port: this.app.port },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
			telemetry: { accessLog: { when: 'all' } },
			...more,
			tls: { ...this.orders, ...more.tls },
		});
	}

	get sidecar(): Front {
		if (this.front === null) throw new Error('the sidecar has not been started');
		return this.front;
	}

	/** Where its sidecar takes TLS. */
	get port(): number {
		return this.sidecar.port;
	}

	/** What the app of `orders` gets for a call. */
	call(host: string, path = '/'): Promise<Answer> {
		return ask(this.sidecar.outboundPort, { host, path });
	}

	/** Asked once for each of these results of a handshake, the app is told each time that it was `web`. */
	async expectBelieved(results: readonly string[], askByWeb: () => Promise<Answer>): Promise<void> {
		for (const result of results) {
			const { status, body } = await askByWeb();
			expect(status).toBe(200);
			expect(body).toBe(elementOf(this.web.certificate, ORDERS));
			expect(await this.handshakes('inbound')).toEqual({ [result]: 1 });
		}
	}

	/** How handshakes have ended since this was asked last, at least one: a peer may know it before we do. */
	async handshakes(side: 'inbound' | 'outbound'): Promise<Record<string, number>> {
		let found: Record<string, number> = {};
		await waitFor(`a handshake (${side})`, async () => {
			found = await this.newHandshakes(side);
			return Object.keys(found).length > 0;
		});
		return found;
	}

	private async newHandshakes(side: 'inbound' | 'outbound'): Promise<Record<string, number>> {
		const text = await this.sidecar.admin('/metrics');
		const found: Record<string, number> = {};
		const pattern = new RegExp(`^outrigger_tls_handshakes_total\\{side="${side}",result="(\\w+)"\\} (\\d+)$`, 'gm');
		for (const [, result = '', total] of text.matchAll(pattern)) {
			const key = `${side} ${result}`;
			const count = Number(total) - (this.counted[key] ?? 0);
			this.counted[key] = Number(total);
			if (count > 0) found[result] = count;
		}
		return found;
	}

	/** The refused connections of the log that have not been asked for, at least one: lines come some time after what they tell. */
	async refusals(): Promise<Record<string, unknown>[]> {
		const seen = (): Record<string, unknown>[] => refusalsIn(this.sidecar.program.stderr);
		await waitFor('a refused connection in the log', () => seen().length > this.told);
		const fresh = seen().slice(this.told);
		this.told += fresh.length;
		return fresh;
	}

	/** Nothing of what was counted and told so far is looked at any more. */
	async forget(): Promise<void> {
		await Promise.all([this.newHandshakes('inbound'), this.newHandshakes('outbound')]);
		this.told = refusalsIn(this.sidecar.program.stderr).length;
	}

	async stop(): Promise<void> {
		// Nothing of an orderly end is looked at here, and connections that others keep would hold it up.
		await this.front?.program.stop();
		await this.front?.stop();
		await this.app.stop();
		for (const folder of this.folders) folder.remove();
	}
}

function refusalsIn(log: string): Record<string, unknown>[] {
	const lines = log.split('\n').filter((line) => line.endsWith('"message":"a connection was refused"}'));
	return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function filesOf(folder: CertsFolder, name: string): IdentityFiles {
	return {
		certificate: folder.file(`${name}.pem`),
		key: folder.file(`${name}.key`),
		trustBundle: folder.file('ca.pem'),
	};
}

/** A server that answers with the `x-forwarded-client-cert` that it was sent, a line each. */
export function startTeller(): Promise<RecordingOrigin> {
	return RecordingOrigin.start({
		onRequest(request: WireMessage, connection) {
			const body = valuesOf(request, XFCC).join('\n');
			connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
		},
	});
}

/** What a server behind TLS should say of a certificate, by Envoy's documentation of the field. */
export function elementOf(pem: string, by: string): string {
	const certificate = new X509Certificate(readFileSync(pem));
	const hash = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
	const subject = certificate.subject.split('\n').reverse().join(',');
	const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(':', '='));
	return [`By=${by}`, `Hash=${hash}`, `Subject="${subject}"`, ...names].join(';');
}

/** A request over a connection of its own. */
export function ask(
	port: number,
	{ host, path = '/', headers = {} }: { host: string; path?: string; headers?: http.OutgoingHttpHeaders },
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const options = { port, host: '127.0.0.1', path, headers: { host, ...headers }, agent: false };
		const request = http.get(options, (response) => {
			let body = '';
			response.setEncoding('latin1').on('data', (text: string) => {
				body += text;
			});
			response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
			response.on('error', reject);
		});
		request.on('error', reject);
	});
}

/** A service that is called by mutual TLS, and must have a name. */
export function mutual(host: string, port: number, subjectAltName: string): object {
	return {
		hostnames: [host],
		endpoints: [{ address: `127.0.0.1:${port}` }],
		tls: { mode: 'mutual', subjectAltNames: [subjectAltName] },
	};
}
