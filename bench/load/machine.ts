/** What the benchmark runs on: which cores there are and who gets which, which tools are installed, what to print. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';

export interface CoreLayout {
	/** null: nothing is pinned. */
	readonly proxy: number | null;
	readonly load: number | null;
	readonly origin: number | null;
	readonly note: string;
}

export interface Machine {
	readonly cpu: string;
	readonly cores: number;
	readonly memoryMb: number;
	readonly kernel: string;
	readonly node: string;
	readonly layout: CoreLayout;
}

/** Daemons live here on Debian; an ordinary user's PATH lacks it. */
const EXTRA_PATH = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Seconds of one core since boot: all work but that of low priority (which keeps the core awake), and what the hypervisor took away. */
export interface CoreUse {
	readonly busy: number;
	readonly stolen: number;
}

const TICKS_PER_SECOND = 100;

/** Full path of a command, or null. */
export function which(command: string): string | null {
	for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_PATH]) {
		const path = join(folder, command);
		try {
			accessSync(path, constants.X_OK);
			return path;
		} catch {
			// Not there, or not for us to run.
		}
	}
	return null;
}

/** Whatever a command says about its version, on either stream; empty when it cannot be run. */
export function versionOutput(command: string, ...args: string[]): string {
	try {
		return execFileSync('/bin/sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], { encoding: 'utf8' }).trim();
	} catch {
		return '';
	}
}

/** Cores that this process may use, from the kernel's list format ("0-1,4"). */
export function parseCoreList(list: string): number[] {
	return list
		.split(',')
		.filter((part) => part !== '')
		.flatMap((part) => {
			const [first = 0, last = first] = part.split('-').map(Number);
			return Array.from({ length: last - first + 1 }, (_, i) => first + i);
		});
}

/** The proxy gets a core of its own; load and origin share one on two cores and have one each from three on. */
export function layoutFor(cores: readonly number[], canPin: boolean): CoreLayout {
	const [first = null, second = null, third = null] = cores;
	if (!canPin) return { proxy: null, load: null, origin: null, note: 'nothing is pinned: taskset is missing' };
	if (second === null) {
		const note = 'one core for everything: requests per second and latency mean nothing here, CPU per request holds';
		return { proxy: first, load: first, origin: first, note };
	}
	const note =
		third === null
			? `proxy on core ${second}; load generator and origin share core ${first}`
			: `proxy on core ${second}, load generator on core ${first}, origin on core ${third}`;
	return { proxy: second, load: first, origin: third ?? first, note };
}

export function inspectMachine(): Machine {
	const status = readFileSync('/proc/self/status', 'utf8');
	const allowed = parseCoreList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0');
	return {
		cpu: cpus()[0]?.model ?? 'unknown',
		cores: allowed.length,
		memoryMb: Math.round(totalmem() / 1_048_576),
		kernel: release(),
		node: process.version,
		layout: layoutFor(allowed, which('taskset') !== null),
	};
}

/** Use of a core since boot (`man 5 proc_stat`: user nice system idle iowait irq softirq steal). */
export function coreUse(core: number | null): CoreUse {
	const line = new RegExp(`^cpu${core ?? ''} +(.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
	const [user = 0, , system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
	return { busy: (user + system + irq + softirq) / TICKS_PER_SECOND, stolen: steal / TICKS_PER_SECOND };
}
