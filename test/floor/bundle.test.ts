/**
 * What is loaded on demand, bundled as the package has it: a package in CommonJS is there a default export without names,
 * and code that works from the sources may not.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breathe } from '../../src/io/breathe.ts';
import { loopTimer } from '../../src/io/loop-clock.ts';
import { systemClock, systemRandom } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { memoryIo } from '../cli/memory-io.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRIES = {
	kubernetes: 'discovery/kubernetes/kubernetes-endpoints',
	metrics: 'telemetry/app-metrics',
	certs: 'cli/certs-command',
};
const REQUIRE = "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);";
const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
let outdir = '';

beforeAll(async () => {
	outdir = mkdtempSync(join(tmpdir(), 'outrigger-bundle-'));
	await build({
		absWorkingDir: ROOT,
		entryPoints: Object.entries(ENTRIES).map(([out, name]) => ({ out, in: `src/${name}.ts` })),
		outdir,
		outExtension: { '.js': '.mjs' },
		bundle: true,
		splitting: true,
		format: 'esm',
		platform: 'node',
		banner: { js: REQUIRE },
	});
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function bundled(name: keyof typeof ENTRIES) {
	return import(/* @vite-ignore */ pathToFileURL(join(outdir, `${name}.mjs`)).href);
}

describe('in the bundle', () => {
	it('endpoints come from a cluster', async () => {
		const api = new KubernetesApi();
		await api.start();
		const { KubernetesEndpoints } = await bundled('kubernetes');
		const timers = new TimerWheel(systemClock, 10, loopTimer());
		const access = { origin: `http://127.0.0.1:${api.port}`, folder: outdir, family: 'IPv4' };
		const source = new KubernetesEndpoints({ access, clock: systemClock, timers, random: systemRandom, breathe, log });
		const told: unknown[] = [];
		const sink = { update: (list: unknown) => told.push(list), failed: (reason: unknown) => told.push(reason) };
		source.watch({ is: 'kubernetes', service: 'payments', namespace: 'shop', port: '' }).start(sink);
		await waitFor('what is told', () => told.length > 0);
		source.stop();
		timers.stop();
		await api.stop();
		expect(told).toEqual([[]]);
	});

	it('the metrics of the app are read', async () => {
		const app = createServer((_, response) => response.setHeader('content-type', 'text/plain').end('up 1\n'));
		await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening));
		const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
		const { AppMetrics } = await bundled('metrics');
		const metrics = new AppMetrics({ origin, socket: '', path: '/metrics' }, new Registry(), log);
		const text: Buffer | null = await metrics.read();
		await metrics.close();
		app.closeAllConnections();
		app.close();
		expect(text?.toString()).toBe('up 1\n');
	});

	it('certificates are made', async () => {
		const { runInit, runIssue } = await bundled('certs');
		const io = memoryIo({});
		const dir = join(outdir, 'certs');
		expect(await runInit({ dir }, io)).toBe(0);
		expect(await runIssue({ dir, id: 'spiffe://mesh.local/web' }, io)).toBe(0);
		expect(new X509Certificate(readFileSync(join(dir, 'web.pem'))).subjectAltName).toBe('URI:spiffe://mesh.local/web');
	});

	it('what makes certificates is not loaded before it is needed', () => {
		const text = readFileSync(join(outdir, 'certs.mjs'), 'utf8');
		expect(text).toMatch(/import\("\.\/certificate-profile-[^"]+"\)/);
		expect(text).not.toMatch(/from ?"\.\/certificate-profile-/);
		expect(text).not.toContain('tsyringe');
	});

	it('undici is not loaded before it is needed', () => {
		const text = (name: string) => readFileSync(join(outdir, `${name}.mjs`), 'utf8');
		expect(text('metrics')).toMatch(/import\("\.\/undici-[^"]+"\)/);
		expect(text('metrics')).not.toMatch(/from ?"\.\/undici-/);
		// While requests are served it would hold them up for too long (docs/adr/0003).
		expect(text('kubernetes')).not.toContain('/undici-');
	});
});
