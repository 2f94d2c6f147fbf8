import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXCEPTIONS } from './exceptions.ts';
import { deviationOf } from './judgement.ts';
import { LEFT_OUT, SUITES } from './load-suite.ts';
import { conformanceReport, exceptionFor, judgeSuite } from './report.ts';

if (LEFT_OUT !== '') console.warn(LEFT_OUT);

describe.runIf(LEFT_OUT === '').each(SUITES)('the codec against %s', (suite) => {
	const all = LEFT_OUT === '' ? judgeSuite(suite) : [];

	it('does what the suite says, but for the listed exceptions', () => {
		const unexplained = all.filter((one) => deviationOf(one) !== (exceptionFor(suite, one.id)?.ours ?? ''));
		expect(unexplained).toEqual([]);
	});

	it('needs every exception that is listed', () => {
		const listed = EXCEPTIONS.filter((exception) => exception.suite === suite).flatMap((exception) => exception.ids);
		const needed = new Set(all.filter((one) => deviationOf(one) !== '').map((one) => one.id));
		expect(listed.filter((id) => !needed.has(id))).toEqual([]);
		expect(new Set(listed).size).toBe(listed.length);
	});
});

describe('the conformance report', () => {
	it.runIf(LEFT_OUT === '')('is what the suites say today (else: node test/suites/write-report.ts)', () => {
		const written = readFileSync(join(import.meta.dirname, '../../docs/http-conformance.md'), 'utf8');
		expect(written).toBe(conformanceReport());
	});

	it('gives a reason for every exception, and calls on an RFC unless it is about a suite’s own mode', () => {
		const bare = EXCEPTIONS.filter(({ reason }) => !/RFC \d{4} §\d|own parser|PROXY protocol/.test(reason));
		expect(bare).toEqual([]);
	});
});
