/**
 * Loaded into the sidecar under test by `--import`: says every 50 ms how long the longest turn of the event loop has been
 * since it said so last, by the clock and in CPU time. The file is named by `STALL_PROBE_FILE`; the CPU time is what the
 * process itself has to answer for, the clock's is that of a machine which may be busy with something else.
 *
 * It looks at each turn, which keeps the process busy all the time: not for measuring what requests cost. With
 * `STALL_PROBE_EVERY_MS` it looks only so often, at what has passed since: a bound of the longest turn, for little.
 */
import { appendFileSync } from 'node:fs';

const SAY_MS = 50;
const file = process.env['STALL_PROBE_FILE'];
const everyMs = Number(process.env['STALL_PROBE_EVERY_MS'] ?? 0);

function threadCpuMs(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

if (file !== undefined) {
	let turnAt = performance.now();
	let turnCpu = threadCpuMs();
	let saidAt = turnAt;
	let longestMs = 0;
	let longestCpuMs = 0;
	const turn = (): void => {
		const now = performance.now();
		const cpu = threadCpuMs();
		longestMs = Math.max(longestMs, now - turnAt);
		// The kernel accounts in ticks of 4 ms: what a turn is charged for may be of others. It is never more than the clock's.
		longestCpuMs = Math.max(longestCpuMs, Math.min(cpu - turnCpu, now - turnAt));
		if (now - saidAt > SAY_MS) {
			appendFileSync(file, `${performance.timeOrigin + now} ${longestMs.toFixed(2)} ${longestCpuMs.toFixed(2)}\n`);
			saidAt = now;
			longestMs = 0;
			longestCpuMs = 0;
		}
		turnAt = performance.now();
		turnCpu = threadCpuMs();
		if (everyMs > 0) setTimeout(turn, everyMs).unref();
		else setImmediate(turn).unref();
	};
	turn();
}
