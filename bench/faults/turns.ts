/** What `stall-probe.ts` has written of the turns of an event loop. */
import { existsSync, readFileSync } from 'node:fs';

/** Milliseconds of a turn of the event loop. */
export interface Turn {
	readonly ms: number;
	readonly cpuMs: number;
}

/** `from`, `to`: epoch milliseconds. */
export function longestTurn(file: string, from: number, to: number): Turn {
	let ms = 0;
	let cpuMs = 0;
	if (!existsSync(file)) return { ms, cpuMs };
	for (const line of readFileSync(file, 'utf8').split('\n')) {
		const [at = 0, clock = 0, cpu = 0] = line.split(' ').map(Number);
		if (at < from || at > to) continue;
		ms = Math.max(ms, clock);
		cpuMs = Math.max(cpuMs, cpu);
	}
	return { ms, cpuMs };
}
