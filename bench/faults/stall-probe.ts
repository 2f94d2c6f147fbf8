/**
 * Loaded into the sidecar under test by `--import`: says every 50 ms on a file descriptor how long the event loop was held
 * up since it said so last. The file is named by `STALL_PROBE_FILE`.
 */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const SAY_MS = 50;
const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const file = process.env['STALL_PROBE_FILE'];

if (file !== undefined) {
	const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
	delay.enable();
	setInterval(() => {
		const longest = Math.max(0, delay.max / NS_PER_MS - RESOLUTION_MS);
		delay.reset();
		appendFileSync(file, `${performance.timeOrigin + performance.now()} ${longest.toFixed(2)}\n`);
	}, SAY_MS).unref();
}
