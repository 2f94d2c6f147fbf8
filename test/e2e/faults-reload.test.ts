/** The route file is edited under load, in short; `bench/faults` has the long version. */
import { expect, it } from 'vitest';
import { reload } from '../../bench/faults/scenarios/reload.ts';

/** Each edit is parsed by a process of its own, which a busy machine lets wait. */
const TIMEOUT_MS = 90_000;

it(
	'edits of the route file, good and bad, are noticed by nobody who is served',
	async () => {
		const found = await reload({ rules: 50, reloads: 12, seconds: 6, clients: 4, warmMs: 500, thinkMs: 5 });
		const { load, taken, rejected } = found;
		expect([...load.failures]).toEqual([]);
		expect({ failed: load.failed, dropped: load.dropped, mixed: load.mixed }).toEqual({
			failed: 0,
			dropped: 0,
			mixed: 0,
		});
		expect(taken).toBeGreaterThan(0);
		expect(rejected).toBeGreaterThan(0);
		expect(load.versions.size).toBeGreaterThan(1);
	},
	TIMEOUT_MS,
);
