import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LlhttpCase } from '../suites/judge-llhttp.ts';
import type { DesyncCase, HttpdCase } from '../suites/judge-requests.ts';
import { bytesOf, LEFT_OUT, loadSuite } from '../suites/load-suite.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { minimalYaml, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { ORACLE_SCRIPT, runOracle } from './desync-oracle.ts';

if (LEFT_OUT !== '') console.warn(LEFT_OUT);

interface Case {
	id: string;
	bytes: Buffer;
	/** Requests that an honest reader finds in the bytes, at most. */
	sent: number;
	mustRefuse: boolean;
}

function desyncCases(): Case[] {
	return loadSuite<DesyncCase>('desync-guardian').cases.map((one) => ({
		id: one.id,
		bytes: bytesOf(one.with_host_and_body.bytes_b64),
		sent: 1,
		mustRefuse: one.tier === 'Severe',
	}));
}

/** What llhttp and httpd refuse makes good smuggling, too. */
function refusedCases(): Case[] {
	const fromLlhttp = loadSuite<LlhttpCase>('llhttp-fixtures')
		.cases.filter((one) => one.type === 'request' && one.expect.outcome === 'error')
		.map((one) => ({ id: one.id, bytes: bytesOf(one.bytes_b64), sent: 2, mustRefuse: false }));
	const fromHttpd = loadSuite<HttpdCase>('httpd-http-strict')
		.cases.filter((one) => one.kind === 'request')
		.map((one) => ({ id: one.id, bytes: bytesOf(one.bytes_b64 ?? ''), sent: 1, mustRefuse: false }));
	return [...fromLlhttp, ...fromHttpd];
}

const CASES = LEFT_OUT === '' ? [...desyncCases(), ...refusedCases()] : [];

describe.runIf(LEFT_OUT === '')('smuggling attempts through a real sidecar', () => {
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

	it.each(CASES.map((one, index) => ({ ...one, index })))('$id', async ({ index, bytes, sent, mustRefuse }) => {
		origin.forgetFinished();
		const result = await runOracle(sidecar, origin, index, bytes, sent);
		expect(result.problems).toEqual([]);
		expect(origin.failures).toEqual([]);
		if (!mustRefuse) return;
		expect(result.status).toBeGreaterThanOrEqual(400);
		expect(result.forwarded).toEqual([]);
	});
});
