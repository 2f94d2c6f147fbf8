import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/error.ts';
import { readCorpus } from '../corpus/corpus-file.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { minimalYaml, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { ORACLE_SCRIPT, runOracle } from './desync-oracle.ts';

/** Every request of the corpus that is refused, with its code. */
const CASES = readCorpus()
	.flatMap((file) => file.cases)
	.filter((one) => one.answers === null && one.expected.at(-1)?.startsWith('reject '))
	.map((one, index) => ({ ...one, index, code: one.expected.at(-1)?.slice('reject '.length) as ErrorCode }));

describe('what the codec refuses, through a real sidecar', () => {
	let origin: RecordingOrigin;
	let sidecar: Sidecar;

	beforeAll(async () => {
		origin = await RecordingOrigin.start(ORACLE_SCRIPT);
		sidecar = await startSidecar({ yaml: minimalYaml(origin.port, 'telemetry: { accessLog: { when: off } }\n') });
	});

	afterAll(async () => {
		await sidecar?.stop();
		await origin?.stop();
	});

	it.each(CASES)('$name', async ({ index, bytes, code }) => {
		origin.forgetFinished();
		const result = await runOracle(sidecar, origin, index, bytes, 0);
		expect(result.problems).toEqual([]);
		expect(result.status).toBe(ERROR_CODES[code].status);
		expect(result.forwarded).toEqual([]);
	});
});
