/** Runs the fixed-rate generator: `pace.c`, compiled into a temporary folder, or `pace.ts` without a compiler. */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { which } from './machine.ts';
import { pinned } from './process-tree.ts';
import { percentile } from './stats.ts';

export interface Pacer {
	readonly kind: string;
	readonly command: string;
	readonly args: readonly string[];
}

export interface PaceSpec {
	readonly port: number;
	readonly rate: number;
	readonly connections: number;
	readonly seconds: number;
	readonly warmupSeconds: number;
	readonly path: string;
	readonly seed: number;
	/** Cores that must not halt during the run. */
	readonly awake: readonly number[];
}

/** Microseconds throughout. */
export interface PaceRun {
	readonly p50: number;
	readonly p90: number;
	readonly p99: number;
	/** 99th percentile of the time between the moment a send was due and the send: what the generator itself added. */
	readonly lateP99: number;
	readonly sent: number;
	readonly failed: number;
	/** Requests that found every connection busy; their wait is part of their latency. */
	readonly queued: number;
	readonly generatorCpuSeconds: number;
}

const NS_PER_US = 1000;
const SOURCE = join(import.meta.dirname, 'pace.c');
const FALLBACK = fileURLToPath(import.meta.resolve('./pace.ts'));
const run = promisify(execFile);

export function preparePacer(folder: string): Pacer {
	const compiler = which('cc') ?? which('gcc') ?? which('clang');
	if (compiler !== null) {
		const command = join(folder, 'pace');
		try {
			execFileSync(compiler, ['-O2', '-o', command, SOURCE], { stdio: 'ignore' });
			return { kind: 'pace.c', command, args: [] };
		} catch {
			// A compiler without a C library: as good as none.
		}
	}
	return { kind: 'pace.ts (no C compiler: latencies are coarse)', command: process.execPath, args: [FALLBACK] };
}

export async function runPacer(pacer: Pacer, core: number | null, folder: string, spec: PaceSpec): Promise<PaceRun> {
	const output = join(folder, 'latencies');
	const numbers = [spec.port, spec.rate, spec.connections, spec.seconds, spec.warmupSeconds].map(String);
	const cores = spec.awake.length === 0 ? '-' : spec.awake.join(',');
	const args = [...pacer.args, ...numbers, spec.path, String(spec.seed), cores, output];
	const launch = pinned(core, { command: pacer.command, args });
	const { stdout } = await run(launch.command, [...launch.args]);
	const totals = JSON.parse(stdout) as { sent: number; failed: number; queued: number; cpuSeconds: number };
	const { latencies, lateness } = readPairs(readFileSync(output));
	const us = (sorted: Uint32Array, q: number) => percentile(sorted, q) / NS_PER_US;
	return {
		p50: us(latencies, 0.5),
		p90: us(latencies, 0.9),
		p99: us(latencies, 0.99),
		lateP99: us(lateness, 0.99),
		sent: totals.sent,
		failed: totals.failed,
		queued: totals.queued,
		generatorCpuSeconds: totals.cpuSeconds,
	};
}

/** Both columns, each sorted. */
function readPairs(bytes: Buffer): { latencies: Uint32Array; lateness: Uint32Array } {
	const count = Math.floor(bytes.length / 8);
	const latencies = new Uint32Array(count);
	const lateness = new Uint32Array(count);
	for (let i = 0; i < count; i++) {
		latencies[i] = bytes.readUInt32LE(i * 8);
		lateness[i] = bytes.readUInt32LE(i * 8 + 4);
	}
	return { latencies: latencies.sort(), lateness: lateness.sort() };
}
