/** The route file of a running sidecar changes: what is in force then, and what lives on. */
import { mkdirSync, readFileSync, renameSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { echo, type OriginConnection, RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { Front, type FrontOptions, type RouteFile } from './front.ts';
import { START_DEADLINE_MS } from './program.ts';

interface Shown {
	hash: string;
	rejected: {
		hash: string;
		at: string;
		issues: { file: string; path: string; line: number; message: string }[];
	} | null;
}

let origin: RecordingOrigin;
let front: Front;
/** Requests for `/slow` wait here until the test answers them. */
const slow: { request: WireMessage; connection: OriginConnection }[] = [];

async function start(more: Omit<RouteFile, 'app'> = {}, options: FrontOptions = {}): Promise<void> {
	front = await Front.start({ app: { port: origin.port }, ...more }, options);
}

const file = (): string => join(front.folder, 'routes.yaml');
const blocks = (): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(file(), 'utf8'));
/** The file as it stands, with keys of its blocks replaced. */
function edited(change: Record<string, unknown>): string {
	const now = blocks();
	for (const [key, value] of Object.entries(change)) {
		const isBlock = typeof value === 'object' && value !== null;
		(now as Record<string, unknown>)[key] = isBlock ? { ...now[key], ...value } : value;
	}
	return JSON.stringify(now, null, 2);
}
const write = (text: string): void => writeFileSync(file(), text);
const shown = async (): Promise<Shown> => JSON.parse(await front.admin('/config')) as Shown;
const untilShown = (what: string, holds: (config: Shown) => boolean): Promise<void> =>
	waitFor(what, async () => holds(await shown()), START_DEADLINE_MS);

/** Writes, and waits until another file than before is in force. */
async function reloadTo(text: string, put: (text: string) => void = write): Promise<void> {
	const { hash } = await shown();
	put(text);
	await untilShown('another file in force', (config) => config.hash !== hash);
}

async function metric(line: RegExp): Promise<number> {
	return Number(line.exec(await front.admin('/metrics'))?.[1] ?? Number.NaN);
}
const reloads = async (): Promise<[number, number]> => [
	await metric(/^outrigger_config_reloads_total\{result="accepted"\} (\d+)/m),
	await metric(/^outrigger_config_reloads_total\{result="rejected"\} (\d+)/m),
];
const status = async (path: string): Promise<number> => (await fetch(`${front.url}${path}`)).status;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const ONLY_A = { unmatched: 'reject', routes: [{ name: 'a', matches: [{ path: '/a' }] }] };
const ONLY_B = { unmatched: 'reject', routes: [{ name: 'b', matches: [{ path: '/b' }] }] };

beforeEach(async () => {
	slow.length = 0;
	origin = await RecordingOrigin.start({
		onRequest: (request, connection) => {
			if (request.target.endsWith('/slow')) slow.push({ request, connection });
			else if (request.target.endsWith('/fail')) connection.send('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
			else connection.send(echo(request));
		},
	});
});
afterEach(async () => {
	await front?.stop();
	await origin.stop();
});

describe('a good edit', () => {
	it('is in force for the next request of a connection that lives on', async () => {
		await start({ inbound: ONLY_A });
		const client = await RawClient.connect(front.port);
		await client.send(get('/a'));
		expect((await client.readResponse()).status).toBe(200);
		await reloadTo(edited({ inbound: ONLY_B }));
		await client.send(get('/a'));
		expect((await client.readResponse()).status).toBe(404);
		await client.send(get('/b'));
		expect((await client.readResponse()).status).toBe(200);
		expect(origin.connections.filter(({ requests }) => requests.length > 0)).toHaveLength(1);
		client.close();
	});

	it('leaves a request that is under way its old rules', async () => {
		await start({ inbound: ONLY_A, telemetry: { accessLog: { when: 'all' } } });
		const client = await RawClient.connect(front.port);
		await client.send(get('/a/slow'));
		await waitFor('the request at the origin', () => slow.length === 1);
		const before = (await shown()).hash;
		await reloadTo(edited({ inbound: { ...ONLY_B, service: { connect: { maxConnections: 7 } } } }));
		slow[0]?.connection.send(echo(slow[0].request));
		expect((await client.readResponse()).status).toBe(200);
		await client.send(get('/b'));
		expect((await client.readResponse()).status).toBe(200);
		const [old, next] = await front.untilLines('access', 2);
		expect([old?.['route'], next?.['route']]).toEqual(['a', 'b']);
		expect(next?.['config']).toBe((await shown()).hash);
		expect(next?.['config']).not.toBe(before);
		client.close();
	});

	it('is told in the log, the metrics and at /config', async () => {
		await start();
		await reloadTo(edited({ inbound: ONLY_A }));
		const { hash, rejected } = await shown();
		expect(rejected).toBeNull();
		await front.program.untilPrinted(new RegExp(`"hash":"${hash}","message":"the route file was reloaded"`));
		expect(await reloads()).toEqual([1, 0]);
		expect(await metric(new RegExp(`^outrigger_config_info\\{hash="${hash}"\\} (\\d+)`, 'm'))).toBe(1);
		expect(JSON.stringify(JSON.parse(await front.admin('/routes')))).toContain('"name":"a"');
	});

	it('may need the engine of regular expressions that the file before did not need', async () => {
		await start({ inbound: ONLY_A });
		await reloadTo(edited({ inbound: { routes: [{ matches: [{ path: '~ /o/[0-9]+' }] }] } }));
		expect([await status('/o/12'), await status('/o/x')]).toEqual([200, 404]);
	});

	it('may change health check, access log and the limits of the service', async () => {
		await start({ inbound: { service: { limits: { requests: 5 } } } });
		const service = { limits: { requests: 1 } };
		const health = { path: '/well', interval: '1s' };
		await reloadTo(edited({ inbound: { service }, app: { health }, telemetry: { accessLog: { when: 'all' } } }));
		const held = fetch(`${front.url}/slow`);
		await waitFor('the request at the origin', () => slow.length === 1);
		expect(await status('/second')).toBe(503);
		slow[0]?.connection.send(echo(slow[0].request));
		expect((await held).status).toBe(200);
		await front.untilLines('access', 2);
		await waitFor('a check of the new path', () => origin.requests.some(({ target }) => target === '/well'));
		expect(await front.status('/ready')).toBe(200);
		expect(await metric(/^outrigger_pool_connections\{service="app",state="active"\} (\d+)/m)).toBe(0);
	});
});

describe('every way to save a file counts:', () => {
	it('a rename over it', async () => {
		await start({ inbound: ONLY_A });
		await reloadTo(edited({ inbound: ONLY_B }), (text) => {
			writeFileSync(`${file()}.new`, text);
			renameSync(`${file()}.new`, file());
		});
		expect([await status('/a'), await status('/b')]).toEqual([404, 200]);
	});

	it('the swap of a mounted ConfigMap', async () => {
		await start({ inbound: ONLY_A });
		const mount = (version: string, text: string): void => {
			mkdirSync(join(front.folder, version));
			writeFileSync(join(front.folder, version, 'routes.yaml'), text);
			symlinkSync(version, join(front.folder, '..tmp'));
			renameSync(join(front.folder, '..tmp'), join(front.folder, '..data'));
		};
		await reloadTo(edited({ inbound: ONLY_B }), (text) => {
			mount('..v1', text);
			unlinkSync(file());
			symlinkSync('..data/routes.yaml', file());
		});
		await reloadTo(edited({ inbound: ONLY_A }), (text) => mount('..v2', text));
		expect([await status('/a'), await status('/b')]).toEqual([200, 404]);
		expect(await reloads()).toEqual([2, 0]);
	});
});

describe('a folder is followed as a file is:', () => {
	const put = (name: string, text: string): void => writeFileSync(join(front.folder, name), text);
	beforeEach(() => start({ inbound: ONLY_A }, { givesFolder: true }));

	it('an edit of its file, and a file that counts for nothing', async () => {
		await reloadTo(edited({ inbound: ONLY_B }));
		expect([await status('/a'), await status('/b')]).toEqual([404, 200]);
		put('notes.txt', 'nothing');
		await reloadTo(edited({ inbound: ONLY_A }));
		expect(await reloads()).toEqual([2, 0]);
	});

	it('a second route file in it, until it is gone', async () => {
		put('zz.yml', edited({ inbound: ONLY_B }));
		await untilShown('the rejected folder', ({ rejected }) => rejected !== null);
		const { rejected } = await shown();
		expect(rejected?.issues.map(({ message }) => message)).toEqual([
			`this is a second route file; the first is on line 1 of ${file()}`,
		]);
		expect(await status('/a')).toBe(200);
		unlinkSync(join(front.folder, 'zz.yml'));
		await untilShown('the folder as it was', (config) => config.rejected === null);
		expect(await reloads()).toEqual([0, 1]);
	});

	it('what cannot be read in it, which is told by its name, and that it is empty', async () => {
		const isTold = (place: string, message: string) => (config: Shown) =>
			config.rejected?.issues.some((issue) => issue.file === place && issue.message === message) === true;
		const odd = join(front.folder, 'zz.yaml');
		mkdirSync(odd);
		await untilShown('the folder in it', isTold(odd, 'this is a folder, not a file'));
		rmdirSync(odd);
		await untilShown('the folder as it was', (config) => config.rejected === null);
		symlinkSync('nowhere', odd);
		await untilShown('the link to nowhere', isTold(odd, 'there is no such file'));
		unlinkSync(odd);
		renameSync(file(), join(front.folder, 'kept'));
		await untilShown('the empty folder', isTold(front.folder, 'there is no *.yaml file in this folder'));
		renameSync(join(front.folder, 'kept'), file());
		await untilShown('the folder as it was', (config) => config.rejected === null);
		expect(await status('/a')).toBe(200);
	});

	it('another file beside its own, which makes another configuration, and its name', async () => {
		await reloadTo('# nothing yet\n', (text) => put('more.yaml', text));
		await reloadTo('', () => renameSync(join(front.folder, 'more.yaml'), join(front.folder, 'most.yaml')));
		await reloadTo('', () => unlinkSync(join(front.folder, 'most.yaml')));
		expect((await reloads())[1]).toBe(0);
	});

	it('an HTTPRoute in it, which comes, changes, is wrong and goes', async () => {
		const route = (path: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders }
spec:
  rules:
    - name: from-route
      matches: [{ path: { value: ${path} } }]
      backendRefs: [{ name: app }]
`;
		const name = join(front.folder, 'orders.yaml');
		await reloadTo(route('/c'), (text) => put('orders.yaml', text));
		expect([await status('/a'), await status('/c')]).toEqual([200, 200]);
		expect(await front.admin('/routes')).toContain(`"at": "${name}:6"`);
		await reloadTo(route('/d'), (text) => put('orders.yaml', text));
		expect([await status('/c'), await status('/d')]).toEqual([404, 200]);
		put('orders.yaml', route('d'));
		await untilShown('the rejected route', ({ rejected }) => rejected !== null);
		const { rejected } = await shown();
		expect(rejected?.issues.map(({ path }) => path)).toEqual([
			'HTTPRoute default/orders: spec.rules[0].matches[0].path.value',
		]);
		expect(await status('/d')).toBe(200);
		await reloadTo('', () => unlinkSync(name));
		expect([await status('/a'), await status('/d')]).toEqual([200, 404]);
	});

	it('the swap of a mounted ConfigMap', async () => {
		const mount = (version: string, text: string): void => {
			mkdirSync(join(front.folder, version));
			writeFileSync(join(front.folder, version, 'routes.yaml'), text);
			symlinkSync(version, join(front.folder, '..tmp'));
			renameSync(join(front.folder, '..tmp'), join(front.folder, '..data'));
		};
		await reloadTo(edited({ inbound: ONLY_B }), (text) => {
			mount('..v1', text);
			unlinkSync(file());
			symlinkSync('..data/routes.yaml', file());
		});
		await reloadTo(edited({ inbound: ONLY_A }), (text) => mount('..v2', text));
		expect([await status('/a'), await status('/b')]).toEqual([200, 404]);
		expect((await reloads())[0]).toBe(2);
	});
});

describe('a bad edit', () => {
	it('leaves the running file, and is told in the log, the metrics and at /config until a good one comes', async () => {
		await start({ inbound: ONLY_A });
		const good = readFileSync(file(), 'utf8');
		const { hash } = await shown();
		write(edited({ inbound: { ...ONLY_B, listne: 1 }, trustedHops: 'many' }));
		await untilShown('the rejected file', ({ rejected }) => rejected !== null);
		const config = await shown();
		expect(config.hash).toBe(hash);
		expect(config.rejected?.issues.map(({ path }) => path).sort()).toEqual(['inbound.listne', 'trustedHops']);
		expect(config.rejected?.hash).not.toBe(hash);
		expect(Date.parse(config.rejected?.at ?? '')).not.toBeNaN();
		expect([await status('/a'), await status('/b')]).toEqual([200, 404]);
		expect(await reloads()).toEqual([0, 1]);
		await front.program.untilPrinted(/"at":"[^"]*routes\.yaml:\d+:\d+","path":"inbound\.listne"/);
		await front.program.untilPrinted(/the route file was rejected/);

		write(good);
		await untilShown('nothing rejected', ({ rejected }) => rejected === null);
		await reloadTo(edited({ inbound: ONLY_B }));
		expect(await reloads()).toEqual([1, 1]);
	});

	it.each([
		['inbound.listen', { inbound: { listen: '127.0.0.1:1' } }],
		['admin.listen', { admin: { listen: '127.0.0.1:1' } }],
		['probes', { probes: { listen: '127.0.0.1:1' } }],
		['app.port', { app: { port: 1 } }],
		['limits', { limits: { connections: 7 } }],
		['passthrough', { passthrough: true }],
	])('is one that changes %s, which takes a restart', async (key, change) => {
		await start({ inbound: ONLY_A });
		write(edited({ inbound: ONLY_B, ...change }));
		await untilShown('the rejected file', ({ rejected }) => rejected !== null);
		const { rejected } = await shown();
		expect(rejected?.issues.map(({ path }) => path)).toEqual([key]);
		expect(rejected?.issues[0]?.message).toContain('restart');
		expect(rejected?.issues[0]?.line).toBeGreaterThan(1);
		if (key !== 'inbound.listen') expect([await status('/a'), await status('/b')]).toEqual([200, 404]);
	});

	it('is a file that is gone', async () => {
		await start();
		const text = readFileSync(file(), 'utf8');
		unlinkSync(file());
		await untilShown('the missing file', ({ rejected }) => rejected !== null);
		expect(await status('/a')).toBe(200);
		write(text);
		await untilShown('the file again', ({ rejected }) => rejected === null);
	});
});

describe('the circuit of the app', () => {
	const circuitBreaker = { volumeThreshold: 2, resetTimeout: '10m', failures: ['5xx'] };
	const state = (): Promise<number> => metric(/^outrigger_circuit_state\{service="app"\} (\d)/m);

	it('stays open over a reload that leaves its settings alone, and is a new one when they change', async () => {
		await start({ inbound: { service: { circuitBreaker }, ...ONLY_A } });
		for (let call = 0; call < 2; call++) expect(await status('/a/fail')).toBe(500);
		expect(await status('/a')).toBe(503);
		const routes = [{ name: 'b', matches: [{ path: '/a' }] }];
		await reloadTo(edited({ inbound: { routes } }));
		expect([await status('/a'), await state()]).toEqual([503, 2]);
		await reloadTo(edited({ inbound: { service: { circuitBreaker: { ...circuitBreaker, volumeThreshold: 3 } } } }));
		expect([await status('/a'), await state()]).toEqual([200, 0]);
		expect(await metric(/^outrigger_circuit_transitions_total\{service="app",to="open"\} (\d+)/m)).toBe(1);
	});
});
