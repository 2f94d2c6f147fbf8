import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningSidecar, routeFile } from '../proxy/running.ts';
import { testPki, WEB } from '../support/pki.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerFor, encodeResponse, WorkloadAgent } from '../support/workload-agent.ts';
import { Caller, handshakes } from './peers.ts';

const ORDERS = 'spiffe://mesh.local/orders';
const pki = testPki();

let agent: WorkloadAgent;
let origin: RecordingOrigin;
let sidecar: RunningSidecar | null;
let lines: [string, unknown][];

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	agent = new WorkloadAgent();
	sidecar = null;
	lines = [];
});

afterEach(async () => {
	await sidecar?.stop();
	agent.remove();
	await origin.stop();
});

const file = (more: Parameters<typeof routeFile>[1] = {}): string =>
	routeFile(origin.port, { tls: { workloadApi: `unix://${agent.socket}` }, ...more });

async function start(
	options?: { waitForReady: boolean },
	more: Parameters<typeof routeFile>[1] = {},
): Promise<RunningSidecar> {
	sidecar = await RunningSidecar.start(file(more), options);
	const keep = (fields: object, message: string): void => void lines.push([message, fields]);
	Object.assign(sidecar.telemetry.log, { info: keep, warn: keep, error: keep });
	return sidecar;
}

async function workload(): Promise<Record<string, unknown>> {
	const response = await fetch(`${sidecar?.admin}/certs`);
	return ((await response.json()) as { workload: Record<string, unknown> }).workload;
}

const caller = (): Caller => new Caller(sidecar?.port ?? 0, pki.leaf(WEB));

describe('a sidecar with an agent', () => {
	it('is renewed under requests, and none of them fails', async () => {
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		await start();
		const serials = new Set<unknown>();
		let isOver = false;
		const asking = Array.from({ length: 4 }, async () => {
			const statuses = new Set<number>();
			while (!isOver) statuses.add((await caller().get()).status);
			return statuses;
		});
		for (let i = 0; i < 12; i++) {
			const before = (await workload())['serial'];
			serials.add(before);
			agent.give(answerFor(pki, ORDERS));
			await waitFor('another certificate', async () => (await workload())['serial'] !== before);
		}
		isOver = true;
		for (const statuses of await Promise.all(asking)) expect([...statuses]).toEqual([200]);
		expect(serials.size).toBe(12);
		expect(Object.keys(await handshakes(running(), 'inbound'))).toEqual(['ok']);
		expect(lines.filter(([message]) => message === 'certificate renewed')).toHaveLength(12);
	});

	it('serves on while the agent is restarted', async () => {
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		await start();
		agent.stop();
		await waitFor('its absence', async () => 'lastFailure' in ((await workload())['workloadApi'] as object));
		expect((await caller().get()).status).toBe(200);
		expect((await workload())['trouble']).toBe('');
		const before = (await workload())['serial'];
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		await waitFor('another certificate', async () => (await workload())['serial'] !== before);
		expect((await caller().get()).status).toBe(200);
		expect((await workload())['workloadApi']).toEqual({ state: 'open' });
	});

	it('begins unready without it, and is ready when it is there', async () => {
		const waiting = await start({ waitForReady: false });
		const reason = `no certificate: SPIFFE Workload API at ${agent.socket}: there is no such socket`;
		expect(waiting.app.ready().reasons).toContain(reason);
		expect((await caller().get()).status).toBe(0);
		expect(await handshakes(waiting, 'inbound')).toEqual({ no_credentials: 1 });
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		await waitFor('readiness', () => waiting.app.ready().ok);
		expect((await caller().get()).status).toBe(200);
	});

	it('has no identity any more when the agent says so', async () => {
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		const denied = await start();
		expect((await caller().get()).status).toBe(200);
		agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
		await waitFor('the withdrawal', () => !denied.app.ready().ok);
		expect((await caller().get()).status).toBe(0);
		expect(await denied.metric('outrigger_certificate_expiry_timestamp_seconds')).toBe(0);
		const [[message, fields] = []] = lines.filter(([each]) => each.includes('withdrawn'));
		expect(message).toBe('certificate has been withdrawn: there is none');
		expect(fields).toMatchObject({ reason: expect.stringContaining('PERMISSION_DENIED') });
		agent.give(answerFor(pki, ORDERS));
		await waitFor('another certificate', () => denied.app.ready().ok);
		expect((await caller().get()).status).toBe(200);
	});

	it('shows and logs nothing of a key', async () => {
		const answer = answerFor(pki, ORDERS);
		const key = Buffer.from(answer.svids?.[0]?.x509SvidKey ?? []).toString('base64');
		agent.give(answer);
		await agent.start();
		await start();
		agent.give(Buffer.concat([encodeResponse(answer), Buffer.of(0x0a, 0x00)]));
		agent.give({ svids: [{ ...answer.svids?.[0], x509SvidKey: Buffer.from(`x${key}`) }] });
		await waitFor('a refusal', async () => 'rejected' in (await workload()));
		const shown = JSON.stringify([await workload(), lines]);
		for (let at = 0; at + 24 <= key.length; at += 8) expect(shown).not.toContain(key.slice(at, at + 24));
	});

	it('keeps the stream over a reload, and ends it with its entry', async () => {
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		const reloaded = await start();
		const same = file({ localReplies: 'verbose' });
		expect(await reloaded.reload(same)).toEqual([]);
		expect(agent.calls).toHaveLength(1);
		expect(await reloaded.reload(routeFile(origin.port))).toEqual([]);
		await agent.waitForNobody();
		expect((await fetch(`http://127.0.0.1:${reloaded.port}/`)).status).toBe(200);
	});

	it('is not replaced by one whose agent is away', async () => {
		const plain = routeFile(origin.port);
		sidecar = await RunningSidecar.start(plain);
		const issues = await sidecar.reload(file());
		expect(issues.map(({ message }) => message).join()).toContain('there is no such socket');
		expect((await fetch(`http://127.0.0.1:${sidecar.port}/`)).status).toBe(200);
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		expect(await sidecar.reload(file())).toEqual([]);
		expect((await caller().get()).status).toBe(200);
		expect(agent.calls).toHaveLength(1);
	});

	it('ends with nobody at the agent', async () => {
		agent.give(answerFor(pki, ORDERS));
		await agent.start();
		const stopped = await start();
		await stopped.stop();
		sidecar = null;
		await agent.waitForNobody();
	});
});

function running(): RunningSidecar {
	if (sidecar === null) throw new Error('the sidecar has not been started');
	return sidecar;
}
