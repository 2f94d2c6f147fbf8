/** How soon the sidecar is ready when the app listens already. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../load/stats.ts';
import { SOURCE_MAIN } from '../build.ts';
import { Child, startApp } from '../child.ts';
import { atMost, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { within } from '../wait.ts';

/** How often readiness is asked for: small beside what is measured, and cheap for the one who is asked. */
const POLL_MS = 2;

/** Milliseconds from exec to the first 2xx on `/ready`. */
async function startOnce(main: string, file: string, adminPort: number): Promise<number> {
	const sidecar = new Child(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'run', file]);
	try {
		while (!(await isReady(adminPort))) {
			if (sidecar.hasExited) throw new Error(`the sidecar ended: ${sidecar.output}`);
			await sleep(POLL_MS);
		}
		return performance.now() - sidecar.startedAt;
	} finally {
		sidecar.signal('SIGTERM');
		await within('the end of the sidecar', sidecar.exited);
	}
}

function isReady(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ port, host: '127.0.0.1' });
		socket.once('error', () => resolve(false));
		socket.once('data', (chunk) => {
			resolve(chunk.toString('latin1').startsWith('HTTP/1.1 200'));
			socket.destroy();
		});
		socket.once('connect', () => socket.write('GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n'));
	});
}

/** Of a process that does nothing: the floor. */
async function bareOnce(): Promise<number> {
	const child = new Child(process.execPath, ['-e', '0']);
	await child.exited;
	return performance.now() - child.startedAt;
}

export async function measureStart(main: string, runs: number): Promise<{ ready: number[]; bare: number[] }> {
	const app = await startApp('ordinary', 0);
	const adminPort = await fixedPort();
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-fault-'));
	const file = join(folder, 'routes.yaml');
	const route = {
		app: { port: app.port },
		inbound: { listen: '127.0.0.1:0' },
		admin: { listen: `127.0.0.1:${adminPort}` },
	};
	writeFileSync(file, JSON.stringify({ ...route, shutdown: { propagation: '0s' } }));
	const ready: number[] = [];
	const bare: number[] = [];
	try {
		// The first one fills the cache of compiled code, as the first start on a machine does.
		await startOnce(main, file, adminPort);
		for (let i = 0; i < runs; i++) {
			ready.push(await startOnce(main, file, adminPort));
			bare.push(await bareOnce());
		}
		return { ready, bare };
	} finally {
		rmSync(folder, { recursive: true, force: true });
		await app.kill();
	}
}

export const scenario: Scenario = async ({ main, isQuick }) => {
	const { ready, bare } = await measureStart(main ?? SOURCE_MAIN, isQuick ? 5 : 10);
	const note = `${Math.min(...ready).toFixed(0)} to ${Math.max(...ready).toFixed(0)}`;
	return [
		atMost('exec to the first 2xx on /ready, median', median(ready), 'ms', 200, note),
		reported('a Node process that does nothing, median', median(bare), 'ms'),
		reported('the one over the other', median(ready) / median(bare), ''),
	];
};
