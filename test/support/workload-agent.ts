/**
 * An agent that serves the SPIFFE Workload API on a Unix socket: gRPC and protocol buffers are those of libraries, so that
 * nothing here is read by what wrote it.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import type { Identity, Pki } from './pki.ts';
import { waitFor } from './wait-for.ts';

/** In the words of the specification (SPIFFE Workload API §5.1). */
const PROTO = `
syntax = "proto3";
message X509SVIDRequest {}
message X509SVIDResponse {
	repeated X509SVID svids = 1;
	repeated bytes crl = 2;
	map<string, bytes> federated_bundles = 3;
}
message X509SVID {
	string spiffe_id = 1;
	bytes x509_svid = 2;
	bytes x509_svid_key = 3;
	bytes bundle = 4;
	string hint = 5;
}
`;

export interface SvidMessage {
	readonly spiffeId?: string;
	readonly x509Svid?: Uint8Array;
	readonly x509SvidKey?: Uint8Array;
	readonly bundle?: Uint8Array;
	readonly hint?: string;
}

export interface ResponseMessage {
	readonly svids?: readonly SvidMessage[];
	readonly crl?: readonly Uint8Array[];
	readonly federatedBundles?: Readonly<Record<string, Uint8Array>>;
}

interface ProtobufType {
	encode(message: object): { finish(): Uint8Array };
}

interface Protobuf {
	parse(proto: string): { root: { lookupType(name: string): ProtobufType } };
}

// gRPC's own loader brings it along.
const load = createRequire(createRequire(import.meta.url).resolve('@grpc/proto-loader'));
const { root } = (load('protobufjs') as Protobuf).parse(PROTO);
const responseType = root.lookupType('X509SVIDResponse');

export function encodeResponse(message: ResponseMessage): Buffer {
	return Buffer.from(responseType.encode(message).finish());
}

const SERVICE = {
	FetchX509SVID: {
		path: '/SpiffeWorkloadAPI/FetchX509SVID',
		requestStream: false,
		responseStream: true,
		requestSerialize: (message: Buffer) => message,
		requestDeserialize: (message: Buffer) => message,
		responseSerialize: (message: Buffer) => message,
		responseDeserialize: (message: Buffer) => message,
	},
} as const;

export type Call = ServerWritableStream<Buffer, Buffer>;

export class WorkloadAgent {
	readonly socket: string;
	/** What each call is answered with; nothing is said by default. */
	onCall: (call: Call) => void;
	/** Since the beginning, over all restarts. */
	readonly calls: Call[] = [];
	private readonly open = new Set<Call>();
	private readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-agent-'));
	private server: Server | null = null;

	constructor(onCall: (call: Call) => void = () => undefined) {
		this.socket = join(this.folder, 'agent.sock');
		this.onCall = onCall;
	}

	/** One that answers each call with the same until it is told another. */
	static async giving(message: ResponseMessage): Promise<WorkloadAgent> {
		const agent = new WorkloadAgent();
		agent.give(message);
		await agent.start();
		return agent;
	}

	/** To those who ask from now on, and to those who have asked. */
	give(message: ResponseMessage | Buffer): void {
		const bytes = Buffer.isBuffer(message) ? message : encodeResponse(message);
		this.onCall = (call) => void call.write(bytes);
		for (const call of this.open) call.write(bytes);
	}

	/** The same with a status of gRPC. */
	refuse(code: number, details: string): void {
		this.onCall = (call) => void call.emit('error', { code, details });
		for (const call of this.open) call.emit('error', { code, details });
	}

	async start(): Promise<void> {
		const server = new Server();
		server.addService(SERVICE, {
			FetchX509SVID: (call: Call) => {
				this.calls.push(call);
				this.open.add(call);
				call.on('cancelled', () => this.open.delete(call));
				this.onCall(call);
			},
		});
		await new Promise<void>((resolve, reject) =>
			server.bindAsync(`unix:${this.socket}`, ServerCredentials.createInsecure(), (error) =>
				error === null ? resolve() : reject(error),
			),
		);
		this.server = server;
	}

	/** Its process has ended. */
	stop(): void {
		this.server?.forceShutdown();
		this.server = null;
		this.open.clear();
		rmSync(this.socket, { force: true });
	}

	waitForCalls(count: number): Promise<void> {
		return waitFor(`${count} calls of the Workload API`, () => this.calls.length >= count);
	}

	waitForNobody(): Promise<void> {
		return waitFor('an agent that nobody listens to', () => this.open.size === 0);
	}

	remove(): void {
		this.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Certificates of a PEM, one after the other. */
export function derOf(pem: string): Buffer {
	const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
	return Buffer.concat(blocks.map((block) => new X509Certificate(block).raw));
}

export function svidOf(spiffeId: string, { certificate, key }: Identity, bundle: string): SvidMessage {
	return {
		spiffeId,
		x509Svid: derOf(certificate),
		x509SvidKey: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
		bundle: derOf(bundle),
	};
}

/** As an agent has it: one SVID by the trust domain's CA, and the bundles of partners. */
export function answerFor(pki: Pki, id: string, partners: readonly Pki[] = []): ResponseMessage {
	return {
		svids: [svidOf(id, pki.leaf(id), pki.trustBundle)],
		federatedBundles: Object.fromEntries(
			partners.map(({ trustDomain, trustBundle }) => [`spiffe://${trustDomain}`, derOf(trustBundle)]),
		),
	};
}
