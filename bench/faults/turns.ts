/** Reads what `stall-probe.ts` has written. */
import { existsSync, readFileSync } from 'node:fs';

/** For `--import`. */
export const TURN_PROBE = new URL('./stall-probe.ts', import.meta.url).href;
/** No turn of the event loop may take longer, in CPU time. */
export const STALL_MS = 10;

/** Milliseconds of a turn of the event loop. */
export interface Turn {
	readonly ms: number;
	readonly cpuMs: number;
}

/** Between two times in milliseconds since 1970. */
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
