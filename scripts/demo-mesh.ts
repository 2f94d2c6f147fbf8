/**
 * `npm run demo:mesh`: two unchanged apps that speak mTLS through their sidecars, with certificates that are made for this
 * run. Prints what to try once both are ready; Ctrl-C stops everything and takes the certificates away.
 *
 * Ports: WEB_PORT and ORDERS_PORT (the apps), WEB_INBOUND_PORT, WEB_OUTBOUND_PORT, WEB_ADMIN_PORT, ORDERS_INBOUND_PORT,
 * ORDERS_ADMIN_PORT.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const OUTRIGGER = join(ROOT, 'bin/outrigger');
const POLL_MS = 50;
const GIVE_UP_MS = 60_000;
/** More than `shutdown.drain` of both files. */
const END_MS = 10_000;
/** Of the log of a sidecar that did not start. */
const TOLD_LINES = 15;
/** `web` calls `orders`; `visitor` is a person with a certificate. */
const WORKLOADS = ['web', 'orders', 'visitor'];

const ports = {
	WEB_PORT: '8080',
	WEB_INBOUND_PORT: '8443',
	WEB_OUTBOUND_PORT: '15001',
	WEB_ADMIN_PORT: '9901',
	ORDERS_PORT: '8081',
	ORDERS_INBOUND_PORT: '8444',
	ORDERS_ADMIN_PORT: '9902',
};
for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = process.env[name] ?? ports[name];

interface Running {
	readonly name: string;
	readonly admin: string;
	readonly log: string;
	readonly child: ChildProcess;
	readonly exited: Promise<void>;
}

// The folder is its owner's alone (0700), and so is each key (0600).
const folder = mkdtempSync(join(tmpdir(), 'outrigger-mesh-'));
const running: Running[] = [];
let isStopping = false;

const idOf = (name: string): string => `spiffe://mesh.local/ns/shop/sa/${name}`;

/** Good for `localhost` as well, by which name curl asks. */
async function makeCertificates(): Promise<void> {
	const outrigger = promisify(execFile);
	await outrigger(OUTRIGGER, ['certs', 'init', '--dir', folder]);
	await Promise.all(
		WORKLOADS.map((name) =>
			outrigger(OUTRIGGER, ['certs', 'issue', '--dir', folder, '--id', idOf(name), '--dns', 'localhost']),
		),
	);
}

/** A process group of its own: Ctrl-C reaches this process alone, which stops the others in their order. */
function start(name: 'web' | 'orders'): void {
	const log = join(folder, `${name}.log`);
	const output = openSync(log, 'a', 0o600);
	const upper = name === 'web' ? 'WEB' : 'ORDERS';
	const command = ['run', `routes/mesh-${name}.yaml`, '--', 'node', `examples/mesh/${name}.js`];
	const child = spawn(OUTRIGGER, command, {
		cwd: ROOT,
		env: { ...process.env, ...ports, MESH_CERTS: folder, PORT: ports[`${upper}_PORT`] },
		stdio: ['ignore', output, output],
		detached: true,
	});
	const exited = new Promise<void>((done) => {
		child.once('error', () => done());
		child.once('exit', () => done());
	});
	running.push({ name, admin: `http://127.0.0.1:${ports[`${upper}_ADMIN_PORT`]}`, log, child, exited });
	void exited.then(() => {
		if (!isStopping) fail(`the sidecar of ${name} has ended`);
	});
}

async function untilReady({ name, admin }: Running): Promise<void> {
	for (let waited = 0; waited < GIVE_UP_MS && !isStopping; waited += POLL_MS) {
		const isReady = await fetch(`${admin}/ready`).then(
			(response) => response.ok,
			() => false,
		);
		if (isReady) return;
		await sleep(POLL_MS);
	}
	if (!isStopping) fail(`the sidecar of ${name} is not ready after ${GIVE_UP_MS} ms`);
}

function fail(what: string): void {
	for (const { name, log } of running) {
		const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-TOLD_LINES);
		console.error(`\nlog of ${name}:\n${lines.join('\n')}`);
	}
	console.error(`\ndemo:mesh: ${what}`);
	void stop(1);
}

/** Who calls goes before who is called. */
async function stop(code: number): Promise<void> {
	if (isStopping) return;
	isStopping = true;
	for (const { child, exited } of running) {
		child.kill('SIGTERM');
		await Promise.race([exited, sleep(END_MS, undefined, { ref: false })]);
		child.kill('SIGKILL');
	}
	process.exit(code);
}

function tell(): void {
	const as = '--cacert ca.pem --cert visitor.pem --key visitor.key';
	const [web, orders] = [
		`https://localhost:${ports.WEB_INBOUND_PORT}`,
		`https://localhost:${ports.ORDERS_INBOUND_PORT}`,
	];
	const [webAdmin, ordersAdmin] = [`127.0.0.1:${ports.WEB_ADMIN_PORT}`, `127.0.0.1:${ports.ORDERS_ADMIN_PORT}`];
	console.log(`
Two apps speak mTLS through their sidecars, without knowing it. In another terminal, try:

  cd ${folder}

  # web asks orders, and orders says who has asked
  curl ${as} ${web}/

  # a stranger, without a certificate: TLS ends without an answer. In plaintext: the connection does
  curl --cacert ca.pem ${web}/
  curl http://localhost:${ports.ORDERS_INBOUND_PORT}/

  # a visitor with a certificate, who may ask web, but not orders: 403 not_authorized
  curl -i ${as} ${orders}/

  # fifty calls: one line, if all of them got the same answer …
  for n in $(seq 50); do curl -sS ${as} ${web}/; done | sort | uniq -c

  # … while in a third terminal web and orders get other keys and certificates
  ${OUTRIGGER} certs issue --dir ${folder} --id ${idOf('web')} --dns localhost
  ${OUTRIGGER} certs issue --dir ${folder} --id ${idOf('orders')} --dns localhost

  # the certificate in force, how handshakes ended, who was refused, and the logs
  curl http://${webAdmin}/certs
  curl -s http://${webAdmin}/metrics | grep tls_handshakes_total
  curl -s http://${ordersAdmin}/metrics | grep -e tls_handshakes_total -e authorization_denied_total
  grep -e certificate -e refused -e not_authorized web.log orders.log

Stop: Ctrl-C
`);
}

process.on('exit', () => {
	for (const { child } of running) child.kill('SIGKILL');
	rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

await makeCertificates();
if (!isStopping) {
	start('web');
	start('orders');
	await Promise.all(running.map(untilReady));
	if (!isStopping) tell();
}
