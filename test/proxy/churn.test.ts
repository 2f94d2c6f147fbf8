/** Endpoints that come and go by DNS and by a cluster's EndpointSlices, under load: callers notice nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Load, Tally } from '../../bench/faults/load.ts';
import { DnsServer } from '../support/dns-server.ts';
import { endpointSlice } from '../support/endpoint-slice.ts';
import { freePort } from '../support/free-port.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { waitFor } from '../support/wait-for.ts';
import { RunningSidecar } from './running.ts';

const REQUEST = 'GET / HTTP/1.1\r\nhost: payments\r\n\r\n';
const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
const REQUESTS_BETWEEN = 300;
const DEADLINE_MS = 30_000;

let port: number;
let folder: string;
let origins: Map<string, Server>;
let sidecar: RunningSidecar | null = null;

beforeEach(async () => {
	port = await freePort();
	folder = mkdtempSync(join(tmpdir(), 'outrigger-churn-'));
	origins = new Map();
	for (const host of HOSTS) await open(host);
});

afterEach(async () => {
	await sidecar?.stop();
	sidecar = null;
	for (const host of [...origins.keys()]) close(host);
	rmSync(folder, { recursive: true, force: true });
});

async function open(host: string): Promise<void> {
	const server = createServer((_request, response) => response.end(host));
	await new Promise<void>((resolve) => server.listen(port, host, resolve));
	origins.set(host, server);
}

/** Breaks off whatever is under way. */
function close(host: string): void {
	origins.get(host)?.close();
	origins.get(host)?.closeAllConnections();
	origins.delete(host);
}

async function addresses(): Promise<string[]> {
	const response = await fetch(`${sidecar?.admin}/services`);
	const { payments } = (await response.json()) as { payments: { endpoints: { address: string }[] } };
	return payments.endpoints.map(({ address }) => address.split(':')[0] ?? '').sort();
}

function untilEndpoints(expected: readonly string[]): Promise<void> {
	const wanted = [...expected].sort().join();
	return waitFor('the endpoints', async () => (await addresses()).join() === wanted, DEADLINE_MS);
}

function sliceOf(addresses: readonly string[]) {
	const endpoints = addresses.map((address) => ({ address }));
	return endpointSlice({ name: 'payments-a', service: 'payments', ports: [{ name: 'http', port }], endpoints });
}

/** `steps` change the endpoints; each says which there are then. */
async function underLoad(steps: readonly (() => Promise<readonly string[]>)[]): Promise<Tally> {
	const tally = new Tally();
	const load = new Load({ port: sidecar?.outboundPort ?? 0, clients: 8, tally, request: () => REQUEST });
	for (const step of steps) {
		const expected = await step();
		await untilEndpoints(expected);
		const before = tally.answers;
		await waitFor('requests', () => tally.answers > before + REQUESTS_BETWEEN, DEADLINE_MS);
	}
	await load.stop();
	return tally;
}

function yamlOf(source: object): string {
	const services = { payments: { hostnames: ['payments'], ...source } };
	return JSON.stringify({
		app: { port },
		inbound: { listen: '127.0.0.1:0' },
		outbound: { listen: '127.0.0.1:0' },
		admin: { listen: '127.0.0.1:0' },
		services,
	});
}

it('by DNS, with an answer that fails and a host that is broken off', { timeout: 60_000 }, async () => {
	const dns = await DnsServer.start();
	const resolvConf = join(folder, 'resolv.conf');
	const hosts = join(folder, 'hosts');
	writeFileSync(resolvConf, `nameserver ${dns.address}\n`);
	writeFileSync(hosts, '');
	const say = (addresses: readonly string[]) => () => {
		dns.setAddresses('payments.test', addresses, 1);
		return Promise.resolve(addresses);
	};
	await say(HOSTS)();
	const yaml = yamlOf({ dns: { name: 'payments.test.', port, refresh: '1s' } });
	sidecar = await RunningSidecar.start(yaml, { waitForReady: false, sources: { resolver: { resolvConf, hosts } } });
	await untilEndpoints(HOSTS);
	const breakOff = () => {
		close(HOSTS[2]);
		return Promise.resolve([HOSTS[1], HOSTS[2]]);
	};
	const fail = () => {
		dns.setBoth('payments.test', { rcode: 2 });
		return Promise.resolve([HOSTS[1]]);
	};
	const tally = await underLoad([
		say([HOSTS[0]]),
		say([HOSTS[1], HOSTS[2]]),
		breakOff,
		say([HOSTS[1]]),
		fail,
		async () => {
			await open(HOSTS[2]);
			return say(HOSTS)();
		},
	]);
	await dns.stop();
	expect({ failures: tally.failures, seen: tally.describe() }).toEqual({ failures: 0, seen: `200: ${tally.answers}` });
});

it('by EndpointSlices, with an API that goes and comes back', { timeout: 60_000 }, async () => {
	const api = new KubernetesApi();
	const say = (addresses: readonly string[]) => () => {
		api.put(sliceOf(addresses));
		return Promise.resolve(addresses);
	};
	await say(HOSTS)();
	await api.start();
	const apiPort = api.port;
	const cluster = { origin: `http://127.0.0.1:${apiPort}`, folder, family: 'IPv4' } as const;
	const yaml = yamlOf({ kubernetes: { service: 'payments', namespace: 'shop' } });
	sidecar = await RunningSidecar.start(yaml, { waitForReady: false, sources: { cluster } });
	await untilEndpoints(HOSTS);
	const restart = async () => {
		await api.stop();
		api.put(sliceOf([HOSTS[0], HOSTS[2]]));
		await api.start(apiPort);
		return [HOSTS[0], HOSTS[2]];
	};
	const breakOff = () => {
		close(HOSTS[0]);
		return Promise.resolve([HOSTS[0], HOSTS[2]]);
	};
	const tally = await underLoad([say([HOSTS[1]]), say([HOSTS[0], HOSTS[1]]), restart, breakOff, say([HOSTS[2]])]);
	await api.stop();
	expect({ failures: tally.failures, seen: tally.describe() }).toEqual({ failures: 0, seen: `200: ${tally.answers}` });
});
