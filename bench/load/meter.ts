/** Reads the counters around one run of load: what the proxy used, and what else happened on the cores meanwhile. */
import type { CoreLayout } from './machine.ts';
import { coreUse } from './machine.ts';
import { cpuSeconds } from './process-tree.ts';
import { median } from './stats.ts';

export interface Metered<T> {
	readonly value: T;
	readonly wallSeconds: number;
	/** Of the proxy's processes. */
	readonly cpuSeconds: number;
	/** Shares of one core. */
	readonly proxyShare: number;
	readonly loadShare: number;
	readonly foreignShare: number;
	readonly stolenShare: number;
}

/** A proxy's core that idled for more than the rest of the run was waiting for the load side. */
const BOTTLENECK_SHARE = 0.9;
/** Other work on the proxy's core above this share disturbs the figures (it evicts caches and takes turns). */
const FOREIGN_SHARE = 0.1;
const STOLEN_SHARE = 0.05;

export async function metered<T>(pid: number, layout: CoreLayout, run: () => Promise<T>): Promise<Metered<T>> {
	const before = { cpu: cpuSeconds(pid), proxy: coreUse(layout.proxy), load: coreUse(layout.load) };
	const startedAt = performance.now();
	const value = await run();
	const wallSeconds = (performance.now() - startedAt) / 1000;
	const used = cpuSeconds(pid) - before.cpu;
	const proxy = coreUse(layout.proxy);
	const load = coreUse(layout.load);
	const stolen = Math.max(proxy.stolen - before.proxy.stolen, load.stolen - before.load.stolen);
	return {
		value,
		wallSeconds,
		cpuSeconds: used,
		proxyShare: used / wallSeconds,
		loadShare: (load.busy - before.load.busy) / wallSeconds,
		foreignShare: Math.max(0, (proxy.busy - before.proxy.busy - used) / wallSeconds),
		stolenShare: stolen / wallSeconds,
	};
}

/** What a reader of the figures should know about these runs. */
export function remarks(runs: readonly Metered<unknown>[], layout: CoreLayout, closedLoop: boolean): string[] {
	const share = (key: 'proxyShare' | 'foreignShare' | 'stolenShare') => median(runs.map((run) => run[key]));
	const percent = (value: number) => `${Math.round(value * 100)} %`;
	const notes: string[] = [];
	const ownCore = layout.proxy !== null && layout.proxy !== layout.load;
	if (closedLoop && ownCore && share('proxyShare') + share('foreignShare') < BOTTLENECK_SHARE) {
		notes.push(`the load side was the bottleneck (proxy ${percent(share('proxyShare'))} busy)`);
	}
	if (ownCore && share('foreignShare') > FOREIGN_SHARE) {
		notes.push(`other work took ${percent(share('foreignShare'))} of the proxy's core`);
	}
	if (share('stolenShare') > STOLEN_SHARE) notes.push(`the hypervisor took ${percent(share('stolenShare'))}`);
	return notes;
}
