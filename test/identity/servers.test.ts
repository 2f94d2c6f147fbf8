/** Every server of the catalogue, called through a real sidecar. */
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateCase, peerContext } from '../support/pki/case.ts';
import { certificateCases } from '../support/pki/cases.ts';
import { WEB } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultOf } from './expected-faults.ts';
import { IdentityFixture } from './identity-fixture.ts';

const presentable = certificateCases()
	.cases.filter(({ expected }) => expected.asServer !== 'unpresentable')
	.map((entry, index) => ({ entry, index, name: entry.name, fault: faultOf(entry, 'asServer') }));
const MISMATCHES = ['no_identity', 'several_identities', 'wrong_trust_domain', 'wrong_identity'];

/** A server that presents one case, and answers whoever takes it. */
class CaseServer {
	readonly requests: string[] = [];
	readonly open = new Set<Socket>();
	private readonly server: NetServer;

	constructor(entry: CertificateCase) {
		const secureContext = peerContext(entry);
		this.server = createServer((raw) => {
			this.open.add(raw);
			raw.on('close', () => this.open.delete(raw)).on('error', () => undefined);
			const secured = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
			secured.on('error', () => undefined);
			secured.on('data', (chunk: Buffer) => {
				this.requests.push(chunk.toString('latin1'));
				secured.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
			});
		});
	}

	async listen(): Promise<number> {
		await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		const address = this.server.address();
		return typeof address === 'object' ? (address?.port ?? 0) : 0;
	}

	async stop(): Promise<void> {
		for (const socket of this.open) socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}
}

describe('a service with `mode: mutual` and an id', () => {
	let fixture: IdentityFixture;
	const servers: CaseServer[] = [];
	let client: RawClient;
	beforeAll(async () => {
		fixture = await IdentityFixture.make();
		const services: Record<string, unknown> = {};
		for (const { entry, index } of presentable) {
			const server = new CaseServer(entry);
			servers.push(server);
			services[`case-${index}`] = {
				hostnames: [`case-${index}`],
				endpoints: [{ address: `127.0.0.1:${await server.listen()}` }],
				tls: { mode: 'mutual', subjectAltNames: [WEB] },
			};
		}
		const outbound = { listen: '127.0.0.1:0', unknownHosts: 'reject' };
		const sidecar = await fixture.start({}, { services, outbound });
		client = await RawClient.connect(sidecar.outboundPort);
	});
	afterAll(async () => {
		client.close();
		await Promise.all([fixture.stop(), ...servers.map((server) => server.stop())]);
	});

	async function call(index: number) {
		fixture.forget();
		await client.send(`GET / HTTP/1.1\r\nHost: case-${index}\r\n\r\n`);
		const response = await client.readResponse();
		return { response, results: [...fixture.results.outbound], server: servers[index] };
	}

	it.each(presentable.filter(({ fault }) => fault === null))('calls an endpoint with $name', async ({ index }) => {
		const { response, results } = await call(index);
		expect(response.status).toBe(200);
		expect(results).toEqual(['ok']);
	});

	it.each(presentable.filter(({ fault }) => fault !== null))(
		'tells an endpoint with $name nothing: $fault',
		async ({ index, fault }) => {
			const { response, results, server } = await call(index);
			const code = MISMATCHES.includes(String(fault)) ? 'upstream_identity_mismatch' : 'upstream_tls_failed';
			expect(response.status).toBe(503);
			expect(JSON.parse(response.body.toString())).toMatchObject({
				error: code,
				detail: expect.stringContaining(': '),
			});
			expect(new Set(results)).toEqual(new Set([fault]));
			expect(server?.requests).toEqual([]);
			await waitFor('the connection to be closed', () => server?.open.size === 0);
		},
	);

	it('has nothing open to those whom it refuses', async () => {
		for (const { index, fault } of presentable) {
			if (fault !== null) expect(servers[index]?.open.size).toBe(0);
		}
		const states = ['idle', 'active', 'pending'];
		const counts = await Promise.all(
			states.map((state) => fixture.sidecar.metric('outrigger_pool_connections', { service: 'case-0', state })),
		);
		expect(counts.slice(1)).toEqual([0, 0]);
	});
});
