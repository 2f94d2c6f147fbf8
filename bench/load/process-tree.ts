/**
 * Starting and stopping the processes that are measured, and reading their CPU time and memory.
 *
 * A proxy may be a tree (nginx: a master and a worker), so every reading covers a process and all its descendants. CPU
 * time comes from `/proc/<pid>/stat` in ticks of 10 ms, which includes children that have ended; where the scheduler's
 * own nanoseconds (`schedstat`, summed over the threads) tell the same time, they are taken instead, because a short run
 * at a low rate is only a few ticks long. Every process started here is ended here, also when the benchmark is stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Launch {
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** Where stdout and stderr go; default: nowhere. */
	readonly logFile?: string;
}

export interface Running {
	readonly pid: number;
	readonly startedAtMs: number;
	exited(): boolean;
	stop(): Promise<void>;
}

/** A tick of `/proc/<pid>/stat` (USER_HZ, 100 on every Linux that we know). */
const NS_PER_TICK = 10_000_000;
/** How far the two clocks may be apart: the rounding of user and system time, and of one running thread. */
const CLOCK_TOLERANCE_NS = 4 * NS_PER_TICK;
/** A proxy that has not ended this long after SIGTERM is killed. */
const STOP_MS = 3000;
const STOP_POLL_MS = 10;

const running = new Set<ChildProcess>();

process.once('exit', () => {
	for (const child of running) for (const pid of tree(child.pid ?? -1)) kill(pid, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.once(signal, () => {
		for (const child of running) for (const pid of tree(child.pid ?? -1)) kill(pid, 'SIGTERM');
		process.exit(1);
	});
}

/** `taskset` replaces itself with the command, so the process id stays. */
export function pinned(core: number | null, launch: Launch): Launch {
	if (core === null) return launch;
	return { ...launch, command: 'taskset', args: ['-c', String(core), launch.command, ...launch.args] };
}

/** Two commands as one process tree: the second is the root, the first a child of it. */
export function both(first: Launch, second: Launch): Launch {
	const words = ({ command, args }: Launch) => [command, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
	const script = `${words(first).join(' ')} & exec ${words(second).join(' ')}`;
	return { command: 'sh', args: ['-c', script], env: { ...first.env, ...second.env } };
}

export function start(core: number | null, launch: Launch): Running {
	const { command, args, env, logFile } = pinned(core, launch);
	const log = logFile === undefined ? 'ignore' : openSync(logFile, 'a');
	const startedAtMs = performance.now();
	const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
	running.add(child);
	let ended = false;
	child.once('error', () => {
		ended = true;
	});
	child.once('exit', () => {
		ended = true;
		running.delete(child);
	});
	const pid = child.pid ?? -1;
	return { pid, startedAtMs, exited: () => ended, stop: () => stop(pid) };
}

async function stop(root: number): Promise<void> {
	const pids = tree(root);
	for (const pid of pids) kill(pid, 'SIGTERM');
	const deadline = performance.now() + STOP_MS;
	while (!pids.every(hasEnded) && performance.now() < deadline) await sleep(STOP_POLL_MS);
	for (const pid of pids) if (!hasEnded(pid)) kill(pid, 'SIGKILL');
}

/** A zombie whose parent has not been told yet counts as ended. */
function hasEnded(pid: number): boolean {
	const state = statFields(pid)?.[0];
	return state === undefined || state === 'Z';
}

function kill(pid: number, signal: NodeJS.Signals): void {
	// One that could not be started has none, and -1 would mean everybody.
	if (pid <= 0) return;
	try {
		process.kill(pid, signal);
	} catch {
		// It has ended by itself.
	}
}

/** The process and all that descend from it. */
export function tree(root: number): number[] {
	const children = new Map<number, number[]>();
	for (const entry of readdirSync('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		const parent = statFields(Number(entry))?.[1];
		if (parent === undefined) continue;
		const siblings = children.get(Number(parent));
		if (siblings === undefined) children.set(Number(parent), [Number(entry)]);
		else siblings.push(Number(entry));
	}
	const pids = [root];
	for (const pid of pids) pids.push(...(children.get(pid) ?? []));
	return pids;
}

/** Fields of `/proc/<pid>/stat` from the third on (the second, the name, may hold anything); null when it has ended. */
function statFields(pid: number): string[] | null {
	const text = read(`/proc/${pid}/stat`);
	return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | null {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null;
	}
}

/** Seconds of CPU that the tree has used so far, user and system, ended children included. */
export function cpuSeconds(root: number): number {
	return tree(root).reduce((sum, pid) => sum + cpuNs(pid), 0) / 1e9;
}

function cpuNs(pid: number): number {
	const fields = statFields(pid);
	if (fields === null) return 0;
	const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
	const coarse = (user + system) * NS_PER_TICK;
	const fine = schedulerNs(pid);
	const own = Math.abs(fine - coarse) <= CLOCK_TOLERANCE_NS ? fine : coarse;
	return own + (childUser + childSystem) * NS_PER_TICK;
}

function schedulerNs(pid: number): number {
	let sum = 0;
	try {
		for (const task of readdirSync(`/proc/${pid}/task`)) {
			sum += Number(read(`/proc/${pid}/task/${task}/schedstat`)?.split(' ')[0] ?? 0);
		}
	} catch {
		return 0;
	}
	return sum;
}

/** VmRSS of the tree in MB. Pages that a master and its worker share count twice. */
export function rssMb(root: number): number {
	const kb = tree(root).map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0));
	return kb.reduce((a, b) => a + b, 0) / 1024;
}
