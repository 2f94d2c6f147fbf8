import { defineConfig } from 'vitest/config';

/** The machines that run this have two cores; more workers only make socket tests fight for them. */
const WORKERS = 2;
/** Generous: a test waits for conditions, never for time, so that only a broken one comes near. */
const TIMEOUT_MS = 20_000;

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		pool: 'forks',
		maxWorkers: WORKERS,
		testTimeout: TIMEOUT_MS,
		hookTimeout: TIMEOUT_MS,
		retry: 0,
		passWithNoTests: false,
		allowOnly: false,
	},
});
