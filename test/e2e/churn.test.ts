/**
 * Two real apps with a sidecar each: one calls the other by its name, while endpoints of that come and go under load.
 * No client of the first notices.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child } from '../../bench/faults/child.ts';
import { Load, Tally } from '../../bench/faults/load.ts';
import { Sidecar } from '../../bench/faults/sidecar.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

const START_MS = 60_000;
/** A file is parsed by a process that has to start first, while the load takes what there is. */
const BUSY_MS = 20_000;
const REQUESTS_BETWEEN = 150;
const EXPRESS = join(import.meta.dirname, 'express-app.mjs');
const CALLING = join(import.meta.dirname, 'calling-app.mjs');

/** An app with its sidecar. */
interface Pod {
	readonly app: Child;
	readonly sidecar: Sidecar;
}

let callees: Pod[];
let caller: Sidecar;
let callerPort: number;

async function callee(): Promise<Pod> {
	const port = await freePort();
	const app = new Child(process.execPath, [EXPRESS, String(port)]);
	await app.printed(/express (listens)/);
	return { app, sidecar: await Sidecar.start({ appPort: port }) };
}

function endpointsOf(pods: readonly Pod[]): object[] {
	return pods.map(({ sidecar }) => ({ address: `127.0.0.1:${sidecar.port}` }));
}

function blocks(source: object): Record<string, unknown> {
	return {
		outbound: { listen: '127.0.0.1:0' },
		services: { payments: { hostnames: ['payments'], ...source } },
	};
}

beforeAll(async () => {
	callees = await Promise.all([callee(), callee(), callee()]);
	callerPort = await freePort();
	caller = await Sidecar.start({
		appPort: callerPort,
		blocks: blocks({ endpoints: endpointsOf(callees) }),
		command: ['env', 'NODE_USE_ENV_PROXY=1', process.execPath, CALLING, String(callerPort)],
	});
}, START_MS);

afterAll(async () => {
	await Promise.all([caller, ...callees.map(({ sidecar }) => sidecar)].map((sidecar) => sidecar?.stop()));
	for (const { app } of callees) app.signal('SIGKILL');
}, START_MS);

async function addresses(): Promise<string[]> {
	const { body } = await caller.adminGet('/services');
	const { payments } = JSON.parse(body) as { payments: { endpoints: { address: string }[] } };
	return payments.endpoints.map(({ address }) => address);
}

/** Runs steps with load between them; each says which pods are left. */
async function underLoad(steps: readonly (() => Promise<readonly Pod[]>)[]): Promise<Tally> {
	const tally = new Tally();
	const load = new Load({ port: caller.port, clients: 8, tally });
	for (const step of steps) {
		const left = await step();
		const expected = left.map(({ sidecar }) => `127.0.0.1:${sidecar.port}`).sort();
		await waitFor(
			'the endpoints',
			async () => JSON.stringify((await addresses()).sort()) === JSON.stringify(expected),
			BUSY_MS,
		);
		const before = tally.answers;
		await waitFor('requests', () => tally.answers > before + REQUESTS_BETWEEN, BUSY_MS);
	}
	await load.stop();
	return tally;
}

it('by static reload, one of them broken off while it is still listed', { timeout: START_MS }, async () => {
	const write = (pods: readonly Pod[]) => () => {
		const next = `${caller.file}.next`;
		writeFileSync(next, caller.textWith(callerPort, blocks({ endpoints: endpointsOf(pods) })));
		renameSync(next, caller.file);
		return Promise.resolve(pods);
	};
	const [one, two, three] = callees as [Pod, Pod, Pod];
	const kill = async () => {
		three.sidecar.signal('SIGKILL');
		await three.sidecar.exited;
		return [two, three];
	};
	const replace = async () => {
		three.app.signal('SIGKILL');
		callees[2] = await callee();
		return write([one, two, callees[2]])();
	};
	const tally = await underLoad([write([one, two]), write([two]), write([two, three]), kill, write([two]), replace]);
	expect({ failures: tally.failures, seen: tally.describe() }).toEqual({ failures: 0, seen: `200: ${tally.answers}` });
});

it('by a file of endpoints that is written anew', { timeout: START_MS }, async () => {
	const list = join(dirname(caller.file), 'payments.yaml');
	const write = (pods: readonly Pod[]) => () => {
		writeFileSync(`${list}.next`, JSON.stringify(endpointsOf(pods)));
		renameSync(`${list}.next`, list);
		return Promise.resolve(pods);
	};
	const [one, two, three] = callees as [Pod, Pod, Pod];
	const follow = async () => {
		await write([one, two, three])();
		writeFileSync(`${caller.file}.next`, caller.textWith(callerPort, blocks({ file: 'payments.yaml' })));
		renameSync(`${caller.file}.next`, caller.file);
		return [one, two, three];
	};
	const tally = await underLoad([follow, write([one]), write([three, two]), write([two]), write([one, two, three])]);
	expect({ failures: tally.failures, seen: tally.describe() }).toEqual({ failures: 0, seen: `200: ${tally.answers}` });
});
