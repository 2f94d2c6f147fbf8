/**
 * Whatever happens to a sidecar's certificates and its file, none of its keys is in anything that it says: both outputs with
 * all of the log, what each endpoint of the admin port shows, the probes, answers to callers.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Caller, call, SecureService } from '../identity/peers.ts';
import { KeySearch } from '../support/key-search.ts';
import { misplacedKeys } from '../support/misplaced-keys.ts';
import { ecKey } from '../support/pki/certificate.ts';
import { type Identity, type IdentityFiles, Pki, testPki, WEB } from '../support/pki.ts';
import { echo, RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerFor, encodeResponse, WorkloadAgent } from '../support/workload-agent.ts';
import { Everything } from './everything.ts';
import { Front } from './front.ts';
import { OUTRIGGER, runToEnd, START_DEADLINE_MS } from './program.ts';

/** A fault of a file is told of after two seconds, and there are many; with processes to start on a busy machine. */
const TIMEOUT_MS = 120_000;
const ORDERS = 'spiffe://mesh.local/ns/shop/sa/orders';
const MINUTE_MS = 60_000;
const PASSPHRASE = 'a passphrase of many words';

const pki = testPki();
const strangers = new Pki('other.example');
const ours = pki.leaf(ORDERS);
const other = pki.leaf(ORDERS);
const misplaced = ecKey();
const key = misplaced.export({ type: 'pkcs8', format: 'pem' }).toString();
const oldKey = misplaced.export({ type: 'sec1', format: 'pem' }).toString();
const protection = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };
const encrypted = misplaced.export({ type: 'pkcs8', format: 'pem', ...protection }).toString();
const texts = { key, oldKey, encrypted, certificate: ours.certificate };

const search = new KeySearch({ ours: ours.key, other: other.key, misplaced: key, root: pki.root.keyPem });
search.addEncrypted('encrypted', encrypted);
search.addText('passphrase', PASSPHRASE);

let origin: RecordingOrigin;
let plain: http.Server;
let services: SecureService[];
let files: IdentityFiles;
let front: Front;
let everything: Everything;

beforeAll(async () => {
	origin = await RecordingOrigin.start({ onRequest: (request, connection) => connection.send(echo(request)) });
	plain = http.createServer();
	await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
	services = await Promise.all([pki.leaf(WEB), strangers.leaf(WEB)].map((identity) => SecureService.start(identity)));
});
afterAll(async () => {
	plain.close();
	await Promise.all([origin.stop(), ...services.map((service) => service.stop())]);
	pki.remove();
});
beforeEach(() => {
	files = pki.files(ours);
});
afterEach(() => front?.stop());

function blocks(tls: object): { app: object; [block: string]: unknown } {
	const [good, strange] = services;
	const at = (port = 0) => [{ address: `127.0.0.1:${port}` }];
	const names = { subjectAltNames: [WEB] };
	return {
		app: { port: origin.port },
		probes: { listen: '127.0.0.1:0' },
		outbound: { listen: '127.0.0.1:0' },
		telemetry: { accessLog: { when: 'all' }, metrics: { istio: true } },
		tls,
		services: {
			good: { hostnames: ['good'], endpoints: at(good?.port), tls: names },
			strange: { hostnames: ['strange'], endpoints: at(strange?.port), tls: names },
			plain: { hostnames: ['plain'], endpoints: at((plain.address() as AddressInfo).port), tls: names },
			partner: {
				hostnames: ['partner'],
				endpoints: at(good?.port),
				tls: { ...names, trustBundle: join(files.trustBundle, '../partner.pem') },
			},
			listed: { hostnames: ['listed'], file: 'endpoints.yaml' },
		},
	};
}

/** Callers and calls of all kinds, believed and not. */
async function exchanges(): Promise<void> {
	const late = pki.leaf(WEB, { from: -2 * MINUTE_MS, until: -MINUTE_MS });
	const callers: Identity[] = [pki.leaf(WEB), strangers.leaf(WEB), late];
	for (const identity of callers) await new Caller(front.port, identity).get();
	await Promise.all([anonymous(front.port), fetch(front.url).catch(() => null)]);
	for (const host of ['good', 'strange', 'plain', 'partner', 'listed']) {
		await call(front.outboundPort, host).catch(() => 0);
	}
}

function anonymous(port: number): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
		socket
			.resume()
			.on('error', () => undefined)
			.on('close', () => resolve());
		socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
	});
}

async function lookAround(): Promise<void> {
	await exchanges();
	await everything.look();
}

interface Damage {
	readonly what: string;
	readonly does: () => void;
	/** What the log says in the end. */
	readonly told: RegExp;
}

const write = (file: keyof IdentityFiles, text: string | Buffer): void => writeFileSync(files[file], text);
const RENEWED = /"message":"certificate renewed"/;

const DAMAGES: readonly Damage[] = [
	{ what: 'half a key', does: () => write('key', ours.key.slice(0, 120)), told: /holds no private key/ },
	{ what: 'a key of another', does: () => write('key', other.key), told: /does not belong to the certificate/ },
	{ what: 'a key with a passphrase', does: () => write('key', encrypted), told: /holds no private key.*not encrypted/ },
	{ what: 'a key of another form', does: () => write('key', derOf(ours.key)), told: /holds no private key/ },
	{ what: 'a key that all may read', does: () => chmodSync(files.key, 0o644), told: /others than its owner may use/ },
	{ what: 'a key for the certificate', does: () => write('certificate', ours.key), told: /holds no certificate/ },
	{
		what: 'a key for the bundle',
		does: () => write('trustBundle', ours.key),
		told: /-bundle.pem holds no certificate/,
	},
	{
		what: 'a key within the certificate',
		does: () => write('certificate', `${ours.certificate}${ours.key.slice(0, 150)}-----BEGIN CERTIFICATE-----`),
		told: /holds half a certificate/,
	},
	{
		what: 'a key beside the certificate',
		does: () => write('certificate', ours.certificate + ours.key),
		told: RENEWED,
	},
	{ what: 'a key beside the bundle', does: () => write('trustBundle', pki.trustBundle + ours.key), told: RENEWED },
	{
		what: 'a folder for the key',
		does: () => {
			rmSync(files.key);
			mkdirSync(files.key);
		},
		told: /\.key: .*folder/,
	},
];

function derOf(pem: string): Buffer {
	return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

function mend(): void {
	rmSync(files.key, { recursive: true, force: true });
	writeFileSync(files.key, ours.key, { mode: 0o600 });
	write('trustBundle', pki.trustBundle);
	write('certificate', ours.certificate);
}

/** Resolves when the log has said it since `does`. */
async function untilTold(what: string, told: RegExp, does: () => void): Promise<void> {
	const { program } = front;
	const from = program.stderr.length;
	does();
	await waitFor(`${told} after ${what}`, () => told.test(program.stderr.slice(from)), START_DEADLINE_MS);
}

async function startWith(tls: object, env: Record<string, string> = {}): Promise<void> {
	front = await Front.start(blocks(tls), { env });
	everything = new Everything(front, search);
	await fetch(`http://127.0.0.1:${front.adminPort}/log-level`, { method: 'PUT', body: 'debug' });
}

describe('of a sidecar with files', () => {
	it('no key is shown while they are damaged and mended', { timeout: TIMEOUT_MS }, async () => {
		const partner = join(files.trustBundle, '../partner.pem');
		writeFileSync(partner, pki.trustBundle);
		await startWith({ mode: 'strict', ...files });
		await lookAround();
		await untilTold('a key for a bundle', /trust bundle cannot be taken over/, () => writeFileSync(partner, ours.key));
		for (const { what, does, told } of DAMAGES) {
			await untilTold(what, told, does);
			await lookAround();
			mend();
			await waitFor('a good certificate', async () => (await rejection()) === '', START_DEADLINE_MS);
		}
		await lookAround();
		await everything.end();
		expect(front.program.stderr).toMatch(/"code":"untrusted"/);
		expect(front.program.stdout).toContain(`"principal":"${WEB}"`);
	});

	it('no key is shown that stands in the route file', { timeout: TIMEOUT_MS }, async () => {
		await startWith({ mode: 'permissive', ...files }, { MISPLACED_KEY: key });
		const file = join(front.folder, 'routes.yaml');
		const good = readFileSync(file, 'utf8');
		const { tls: _tls, services: _services, ...base } = JSON.parse(good) as Record<string, unknown>;
		const lines = Object.entries(base).map(([block, value]) => `${block}: ${JSON.stringify(value)}\n`);
		const wrong = misplacedKeys(lines.join(''), texts);
		for (const what of RELOADED) {
			const { [what]: text = '' } = wrong;
			expect(text, what).not.toBe('');
			await untilTold(what, /the route file was (rejected|reloaded)/, () => writeFileSync(file, text));
			await everything.look();
		}
		const combined = good.replace('"when": "all"', '"when": "all", "format": "combined"');
		await untilTold('the end of it', /the route file was reloaded/, () => writeFileSync(file, combined));
		await untilTold('a key for endpoints', /endpoints\.yaml/, () =>
			writeFileSync(join(front.folder, 'endpoints.yaml'), `- ${key}- address: a:1\n- ${oldKey}`),
		);
		await lookAround();
		await everything.end();
	});
});

/** Ways of misplacing that differ in what happens afterwards; `test/cli` has all of them. */
const RELOADED = [
	'a quoted key',
	'the body of a key',
	'a key as a key of the block',
	'a key of the environment',
	'the key itself',
	'a key half of whose lines are indented',
	'a Secret that is broken',
	'a Secret in the clear',
	'a ConfigMap with a certificate as well',
];

it('of a sidecar with an agent no key is shown', { timeout: TIMEOUT_MS }, async () => {
	const answer = answerFor(pki, ORDERS, [strangers]);
	const [svid = {}] = answer.svids ?? [];
	const der = Buffer.from(svid.x509SvidKey ?? []);
	search.add('of the agent', `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`);
	const agent = await WorkloadAgent.giving(answer);
	try {
		await startWith({ mode: 'strict', workloadApi: `unix://${agent.socket}` });
		await lookAround();
		const bad = [
			encodeResponse({ svids: [{ ...svid, x509SvidKey: der.subarray(0, 40) }] }),
			encodeResponse({ svids: [{ ...svid, x509SvidKey: derOf(other.key) }] }),
			encodeResponse({ svids: [{ ...svid, x509Svid: der, bundle: der }] }),
			encodeResponse({ svids: [{ ...svid, spiffeId: key, hint: key }] }),
			Buffer.concat([encodeResponse(answer), der]),
		];
		for (const message of bad) {
			const rejected = await rejection();
			agent.give(message);
			await waitFor('another rejection', async () => (await rejection()) !== rejected);
			await lookAround();
		}
		await untilTold('a refusal', /certificate has been withdrawn/, () =>
			agent.refuse(status.PERMISSION_DENIED, 'no identity issued'),
		);
		await lookAround();
		await everything.end();
	} finally {
		agent.remove();
	}
});

async function rejection(): Promise<string> {
	const { workload } = JSON.parse(await front.admin('/certs')) as { workload: { rejected?: string } };
	return workload.rejected ?? '';
}

describe('of a command', () => {
	it.each([
		'a quoted key',
		'the key itself',
		'a key behind the file',
		'a key of the environment',
		'a Secret that is broken',
	])('run with %s says nothing of it', async (what) => {
		const base = 'app: { port: 1 }\ninbound: { listen: 127.0.0.1:0 }\n';
		const file = files.certificate.replace('.pem', '.yaml');
		writeFileSync(file, misplacedKeys(base, texts)[what] ?? '');
		const ran = await runToEnd(OUTRIGGER, ['run', file], { env: { MISPLACED_KEY: key } });
		expect(ran.code).toBe(64);
		expect(search.leak(ran.stdout + ran.stderr)).toBe('');
	});

	it('certs says nothing of the keys that it makes or reads', { timeout: TIMEOUT_MS }, async () => {
		const dir = files.certificate.replace('.pem', '-ca');
		const certs = async (...args: string[]): Promise<void> => {
			const ran = await runToEnd(OUTRIGGER, ['certs', ...args, '--dir', dir]);
			for (const name of ['ca.key', 'web.key']) addIfKey(join(dir, name));
			expect(search.leak(ran.stdout + ran.stderr)).toBe('');
		};
		const issue = ['issue', '--id', WEB];
		await certs('init');
		await certs(...issue);
		await certs(...issue, '--json');
		await certs('init', '--json');
		for (const text of [encrypted, key, key.slice(0, 100), ours.certificate]) {
			writeFileSync(join(dir, 'ca.key'), text);
			await certs(...issue);
			await certs('init');
		}
		writeFileSync(join(dir, 'ca.pem'), key);
		await certs(...issue);
		await certs('init', '--json');
	});
});

function addIfKey(file: string): void {
	try {
		search.add(file, readFileSync(file, 'utf8'));
	} catch {
		// None, or one that was damaged on purpose and is known already.
	}
}
