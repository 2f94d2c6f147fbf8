import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningSidecar, routeFile } from '../proxy/running.ts';
import {
	basicConstraints,
	type Certified,
	certificate,
	dns,
	keyUsage,
	names,
	uri,
} from '../support/pki/certificate.ts';
import { type Identity, LEAF_PROFILE, Pki } from '../support/pki.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerFor, derOf, type ResponseMessage, svidOf, WorkloadAgent } from '../support/workload-agent.ts';
import { Caller, call, handshakes, SecureService } from './peers.ts';

const ORDERS = 'spiffe://mesh.local/orders';
const WEB = 'spiffe://mesh.local/web';
const PARTNER = 'spiffe://partner.example/web';
const mesh = new Pki();
const partner = new Pki('partner.example');
const stranger = new Pki('stranger.example');

let agent: WorkloadAgent;
let sidecar: RunningSidecar;
let origin: RecordingOrigin;
const services: SecureService[] = [];

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	agent = await WorkloadAgent.giving(answerFor(mesh, ORDERS, [partner]));
});

afterEach(async () => {
	await sidecar.stop();
	agent.remove();
	for (const service of services.splice(0)) await service.stop();
	await origin.stop();
});

afterAll(() => mesh.remove());

interface CertsPage {
	readonly workload: Readonly<Record<string, unknown>>;
}

const certs = async (): Promise<CertsPage> => (await fetch(`${sidecar.admin}/certs`)).json() as Promise<CertsPage>;

async function start(more: Parameters<typeof routeFile>[1] = {}): Promise<void> {
	sidecar = await RunningSidecar.start(
		routeFile(origin.port, { tls: { workloadApi: `unix://${agent.socket}` }, ...more }),
	);
}

/** As a mesh with an upstream authority has it. */
function leafBelow(pki: Pki, id: string): { identity: Identity; between: Certified } {
	const between = certificate({
		issuer: pki.root,
		commonName: 'between',
		extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')],
	});
	const leaf = certificate({ issuer: between, extensions: [...LEAF_PROFILE, names(uri(id))] });
	return { identity: { certificate: leaf.pem + between.pem, key: leaf.keyPem }, between };
}

describe('callers of several trust domains', () => {
	it.each([
		['of ours', mesh.leaf(WEB), 200],
		['of a partner', partner.leaf(PARTNER), 200],
		['of ours with a chain', leafBelow(mesh, WEB).identity, 200],
		['of a partner with a chain', leafBelow(partner, PARTNER).identity, 200],
	])('are believed by the bundle of theirs: %s', async (_, identity, status) => {
		await start();
		expect((await new Caller(sidecar.port, identity).get()).status).toBe(status);
		expect(await handshakes(sidecar, 'inbound')).toEqual({ ok: 1 });
	});

	it.each([
		['a name of ours by a partner', partner.leaf(WEB), 'wrong_trust_domain'],
		['a name of ours by a partner, with a chain', leafBelow(partner, WEB).identity, 'wrong_trust_domain'],
		['a name of a partner by us', mesh.leaf(PARTNER), 'wrong_trust_domain'],
		['a name of nobody by a partner', partner.leaf('spiffe://nobody.example/x'), 'wrong_trust_domain'],
		['a stranger', stranger.leaf('spiffe://stranger.example/x'), 'untrusted'],
		['a name of ours by a stranger', stranger.leaf(WEB), 'untrusted'],
	])('are not believed by that of another: %s', async (_, identity, fault) => {
		await start();
		expect((await new Caller(sidecar.port, identity).get()).status).toBe(0);
		expect(await handshakes(sidecar, 'inbound')).toEqual({ [fault]: 1 });
		expect(origin.requests).toHaveLength(0);
	});

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('resume their sessions: %s', async (version) => {
		await start();
		for (const identity of [leafBelow(mesh, WEB).identity, leafBelow(partner, PARTNER).identity, mesh.leaf(WEB)]) {
			const caller = new Caller(sidecar.port, identity, { version, resumes: true });
			expect(await caller.get()).toMatchObject({ status: 200, isResumed: false });
			expect(await caller.get()).toMatchObject({ status: 200, isResumed: true });
		}
	});

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('do not get in by a session either: %s', async (version) => {
		await start();
		for (const identity of [leafBelow(partner, WEB).identity, partner.leaf(WEB)]) {
			const caller = new Caller(sidecar.port, identity, { version, resumes: true });
			for (let i = 0; i < 4; i++) expect((await caller.get()).status).toBe(0);
		}
		expect(await handshakes(sidecar, 'inbound')).toEqual({ wrong_trust_domain: 8 });
	});

	it('lose a partner with the message that has it no more', async () => {
		await start();
		const caller = new Caller(sidecar.port, partner.leaf(PARTNER), { resumes: true });
		expect((await caller.get()).status).toBe(200);
		agent.give(answerFor(mesh, ORDERS));
		await waitFor('one trust domain', async () => !('federated' in (await certs()).workload));
		expect((await caller.get()).status).toBe(0);
		expect((await new Caller(sidecar.port, mesh.leaf(WEB)).get()).status).toBe(200);
	});

	it('are shown', async () => {
		await start();
		const { workload } = await certs();
		expect(workload).toMatchObject({
			source: { is: 'workloadApi', socket: agent.socket },
			workloadApi: { state: 'open' },
			trouble: '',
			id: ORDERS,
			trustBundle: [{ subject: 'CN=root of mesh.local' }, { subject: 'CN=bound to mesh.local' }],
			federated: { 'partner.example': [{ subject: 'CN=root of partner.example' }, {}] },
		});
		agent.stop();
		await waitFor('trouble', async () => 'lastFailure' in ((await certs()).workload['workloadApi'] as object));
	});
});

describe('services of several trust domains', () => {
	async function serve(identity: Identity, tls: object): Promise<SecureService> {
		const service = await SecureService.start(identity);
		services.push(service);
		await start({
			outbound: { listen: '127.0.0.1:0' },
			services: {
				payments: { hostnames: ['payments'], endpoints: [{ address: `127.0.0.1:${service.port}` }], tls },
			},
		});
		return service;
	}

	const ids = (...all: string[]) => ({ subjectAltNames: all.map((value) => value) });

	it.each([
		['ours', mesh.leaf(WEB), ids(WEB)],
		['a partner', partner.leaf(PARTNER), ids(PARTNER)],
		['a partner with a chain', leafBelow(partner, PARTNER).identity, ids(PARTNER)],
		['either', partner.leaf(PARTNER), ids(WEB, PARTNER)],
		['a partner or a stranger', partner.leaf(PARTNER), ids('spiffe://nobody.example/x', PARTNER)],
	])('are believed by the bundle of theirs: %s', async (_, identity, tls) => {
		const service = await serve(identity, tls);
		for (let i = 0; i < 3; i++) expect(await call(sidecar.outboundPort, 'payments')).toBe(200);
		expect(service.callers).toEqual(Array.from({ length: 3 }, () => `URI:${ORDERS}`));
	});

	it.each([
		['a name of ours by a partner', partner.leaf(WEB), ids(WEB), 'wrong_trust_domain'],
		['the same, with a chain', leafBelow(partner, WEB).identity, ids(WEB), 'wrong_trust_domain'],
		['a name of a partner by us', mesh.leaf(PARTNER), ids(PARTNER), 'wrong_trust_domain'],
		[
			'a name of an unknown trust domain',
			partner.leaf(PARTNER),
			ids('spiffe://nobody.example/x'),
			'wrong_trust_domain',
		],
		['another of a partner', partner.leaf(PARTNER), ids('spiffe://partner.example/other'), 'wrong_identity'],
	])('are not believed by that of another: %s', async (_, identity, tls, fault) => {
		const service = await serve(identity, tls);
		for (let i = 0; i < 2; i++) expect(await call(sidecar.outboundPort, 'payments')).toBe(503);
		expect(service.callers).toEqual([]);
		expect(Object.keys(await handshakes(sidecar, 'outbound'))).toEqual([fault]);
		expect(sidecar.records.map(({ errorCode }) => errorCode)).toEqual([
			'upstream_identity_mismatch',
			'upstream_identity_mismatch',
		]);
	});

	it('are believed by a DNS name if it is our own authority that has given it', async () => {
		const named = (pki: Pki): Identity => {
			const { pem, keyPem } = certificate({ issuer: pki.root, extensions: [...LEAF_PROFILE, names(dns('payments'))] });
			return { certificate: pem, key: keyPem };
		};
		const service = await serve(named(partner), { mode: 'mutual', subjectAltNames: ['payments'] });
		expect(await call(sidecar.outboundPort, 'payments')).toBe(503);
		expect(await handshakes(sidecar, 'outbound')).toMatchObject({ wrong_trust_domain: expect.any(Number) });
		service.present(named(mesh));
		expect(await call(sidecar.outboundPort, 'payments')).toBe(200);
	});
});

describe('a root that is replaced by another', () => {
	const next = new Pki('mesh.local', 'the next mesh.local');
	const both = mesh.trustBundle + next.trustBundle;
	const svid = (pki: Pki, bundle: string): ResponseMessage => ({ svids: [svidOf(ORDERS, pki.leaf(ORDERS), bundle)] });
	const known = async () => ((await certs()).workload['trustBundle'] as unknown[]).length;
	const asks = (pki: Pki) => new Caller(sidecar.port, pki.leaf(WEB)).get();

	interface Steps {
		overlap(): void;
		reissue(): void;
		end(): void;
	}

	async function rotate({ overlap, reissue, end }: Steps): Promise<void> {
		expect([(await asks(mesh)).status, (await asks(next)).status]).toEqual([200, 0]);
		overlap();
		await waitFor('both roots', async () => (await known()) === 4);
		expect([(await asks(mesh)).status, (await asks(next)).status]).toEqual([200, 200]);
		const serial = (await certs()).workload['serial'];
		reissue();
		await waitFor('another certificate', async () => (await certs()).workload['serial'] !== serial);
		expect([(await asks(mesh)).status, (await asks(next)).status]).toEqual([200, 200]);
		end();
		await waitFor('the new root alone', async () => (await known()) === 2);
		expect([(await asks(mesh)).status, (await asks(next)).status]).toEqual([0, 200]);
	}

	it('is in the bundle beside it for a while: of the Workload API', async () => {
		agent.give(svid(mesh, mesh.trustBundle));
		await start();
		await rotate({
			overlap: () => agent.give(svid(mesh, both)),
			reissue: () => agent.give(svid(next, both)),
			end: () => agent.give(svid(next, next.trustBundle)),
		});
	});

	it('is in the bundle beside it for a while: of files', async () => {
		const files = mesh.files(mesh.leaf(ORDERS), mesh.trustBundle);
		await start({ tls: { certificate: files.certificate, key: files.key, trustBundle: files.trustBundle } });
		await rotate({
			overlap: () => writeFileSync(files.trustBundle, both),
			reissue: () => {
				const { certificate: pem, key } = next.leaf(ORDERS);
				writeFileSync(files.key, key);
				writeFileSync(files.certificate, pem);
			},
			end: () => writeFileSync(files.trustBundle, next.trustBundle),
		});
	});

	it('is in the bundle of a partner beside it for a while', async () => {
		const other = new Pki('partner.example', 'another partner.example');
		const having = (bundle: string): ResponseMessage => ({
			...svid(mesh, mesh.trustBundle),
			federatedBundles: { 'spiffe://partner.example': derOf(bundle) },
		});
		await start();
		agent.give(having(partner.trustBundle + other.trustBundle));
		const federated = async () =>
			((await certs()).workload['federated'] as Record<string, unknown[]>)['partner.example']?.length;
		await waitFor('both', async () => (await federated()) === 4);
		for (const pki of [partner, other]) {
			expect((await new Caller(sidecar.port, pki.leaf(PARTNER)).get()).status).toBe(200);
			expect((await new Caller(sidecar.port, pki.leaf(WEB)).get()).status).toBe(0);
		}
	});
});
