/**
 * Metrics of the process under prom-client's standard names, all read at scrape.
 *
 * prom-client's own collectors are not used: they keep a GC observer and an event-loop delay timer running (a wake-up
 * every 10 ms on an idle sidecar) and cost 4 MB. Linux only where the figure comes from /proc; elsewhere it is absent.
 */
import { readdir, readFile } from 'node:fs/promises';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import type { Clock } from '../clock.ts';
import type { Breathe } from '../ports/control.ts';

/** The part of Node's `process` that is read here; `process` itself fits. */
export interface ProcessFacts {
	readonly version: string;
	/** Microseconds. */
	cpuUsage(): { readonly user: number; readonly system: number };
	/** Bytes. */
	memoryUsage(): {
		readonly rss: number;
		readonly heapTotal: number;
		readonly heapUsed: number;
		readonly external: number;
	};
	/** Seconds. */
	uptime(): number;
}

const MICROS_PER_SECOND = 1e6;
const MILLIS_PER_SECOND = 1000;
const BYTES_PER_KIB = 1024;

export class ProcessMetrics {
	private readonly facts: ProcessFacts;
	private readonly clock: Clock;
	private readonly breathe: Breathe;
	private readonly gauges = new Map<string, Gauge>();
	private readonly cpu: { readonly user: Counter; readonly system: Counter; readonly all: Counter };
	/** Read once: it does not change under a running Node. */
	private hasMaxFds = false;

	constructor(registry: Registry, facts: ProcessFacts, clock: Clock, breathe: Breathe) {
		this.facts = facts;
		this.clock = clock;
		this.breathe = breathe;
		const registers = [registry];
		const counter = (name: string, help: string) => new Counter({ name, help, registers });
		this.cpu = {
			user: counter('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.'),
			system: counter('process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.'),
			all: counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
		};
		for (const [name, help] of Object.entries(GAUGES)) this.gauges.set(name, new Gauge({ name, help, registers }));
		const [major, minor, patch] = facts.version.replace(/^v/, '').split('.');
		new Gauge({
			name: 'nodejs_version_info',
			help: 'Node.js version info.',
			labelNames: ['version', 'major', 'minor', 'patch'],
			registers,
		}).set({ version: facts.version, major: major ?? '', minor: minor ?? '', patch: patch ?? '' }, 1);
		this.set('process_start_time_seconds', Math.round(clock.wall() / MILLIS_PER_SECOND - facts.uptime()));
	}

	/** Reads everything; called before a scrape is rendered. */
	async refresh(): Promise<void> {
		const { user, system } = this.facts.cpuUsage();
		setCounter(this.cpu.user, user / MICROS_PER_SECOND);
		setCounter(this.cpu.system, system / MICROS_PER_SECOND);
		setCounter(this.cpu.all, (user + system) / MICROS_PER_SECOND);
		const memory = this.facts.memoryUsage();
		this.set('process_resident_memory_bytes', memory.rss);
		this.set('nodejs_heap_size_total_bytes', memory.heapTotal);
		this.set('nodejs_heap_size_used_bytes', memory.heapUsed);
		this.set('nodejs_external_memory_bytes', memory.external);
		const before = this.clock.now();
		await this.breathe();
		this.set('nodejs_eventloop_lag_seconds', (this.clock.now() - before) / MILLIS_PER_SECOND);
		await this.readProc().catch(() => undefined); // no /proc here: those gauges stay at 0
	}

	private async readProc(): Promise<void> {
		const status = await readFile('/proc/self/status', 'latin1');
		this.set('process_virtual_memory_bytes', kibOf(status, /^VmSize:\s+(\d+)/m));
		this.set('process_heap_bytes', kibOf(status, /^VmData:\s+(\d+)/m));
		this.set('process_open_fds', (await readdir('/proc/self/fd')).length - 1);
		if (this.hasMaxFds) return;
		const limits = await readFile('/proc/self/limits', 'latin1');
		this.set('process_max_fds', Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0));
		this.hasMaxFds = true;
	}

	private set(name: keyof typeof GAUGES, value: number): void {
		this.gauges.get(name)?.set(value);
	}
}

const GAUGES = {
	process_start_time_seconds: 'Start time of the process since unix epoch in seconds.',
	process_resident_memory_bytes: 'Resident memory size in bytes.',
	process_virtual_memory_bytes: 'Virtual memory size in bytes.',
	process_heap_bytes: 'Process heap size in bytes.',
	process_open_fds: 'Number of open file descriptors.',
	process_max_fds: 'Maximum number of open file descriptors.',
	nodejs_eventloop_lag_seconds: 'Lag of event loop in seconds, measured at the scrape.',
	nodejs_heap_size_total_bytes: 'Process heap size from Node.js in bytes.',
	nodejs_heap_size_used_bytes: 'Process heap size used from Node.js in bytes.',
	nodejs_external_memory_bytes: 'Node.js external memory size in bytes.',
} as const;

function setCounter(counter: Counter, value: number): void {
	counter.reset();
	counter.inc(value);
}

function kibOf(status: string, pattern: RegExp): number {
	return Number(pattern.exec(status)?.[1] ?? 0) * BYTES_PER_KIB;
}
