/**
 * Loaded into the sidecar under test by `--import`, with `--expose-gc`: on SIGUSR2 it collects all garbage and says on a line
 * of a file how many bytes of the heap are live. The file is named by `HEAP_PROBE_FILE`.
 */
import { appendFileSync } from 'node:fs';

const file = process.env['HEAP_PROBE_FILE'];

if (file !== undefined) {
	process.on('SIGUSR2', () => {
		for (let i = 0; i < 2; i++) globalThis.gc?.();
		appendFileSync(file, `${process.memoryUsage().heapUsed}\n`);
	});
}
