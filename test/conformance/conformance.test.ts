import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { judge, strayIds, type Verdict } from './judge.ts';
import { conformanceReport } from './report.ts';
import { type ConformanceTest, LEFT_OUT, loadConformance } from './suite.ts';

/** A case may be tried for some seconds until it passes. */
const TIMEOUT_MS = 60_000;

if (LEFT_OUT !== '') console.warn(LEFT_OUT);

describe.runIf(LEFT_OUT === '')('the Gateway API’s conformance tests', () => {
	const suite = LEFT_OUT === '' ? loadConformance() : null;
	const tests = suite?.tests ?? [];
	const verdicts = new Map<string, Promise<readonly Verdict[]>>();
	let cluster: Cluster;

	beforeAll(async () => {
		if (suite !== null) cluster = await Cluster.start(suite);
	});

	afterAll(() => cluster.stop());

	function verdictsOf(test: ConformanceTest): Promise<readonly Verdict[]> {
		if (suite === null) throw new Error(LEFT_OUT);
		const known = verdicts.get(test.short_name) ?? judge(test, { suite, cluster });
		verdicts.set(test.short_name, known);
		return known;
	}

	it.each(tests)('$short_name', { timeout: TIMEOUT_MS }, async (test) => {
		const unexplained = (await verdictsOf(test)).filter(({ outcome }) => outcome !== 'passed' && outcome !== 'leftOut');
		expect(unexplained).toEqual([]);
	});

	it('are named, each once, where they are left out', () => {
		expect(suite === null ? [] : strayIds(suite)).toEqual([]);
	});

	it('come out as the report says (else: node test/conformance/write-report.ts)', async () => {
		if (suite === null) throw new Error(LEFT_OUT);
		const all = new Map<string, readonly Verdict[]>();
		for (const test of tests) all.set(test.short_name, await verdictsOf(test));
		const written = readFileSync(join(import.meta.dirname, '../../docs/gateway-api-conformance.md'), 'utf8');
		expect(written).toBe(conformanceReport(suite, all));
	});
});
