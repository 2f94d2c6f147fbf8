/** Verdicts on all cases of a test: those that are listed as left out are tried as well, to see that the list is right. */
import { unsendable } from './request-of.ts';
import { runTest, type Surroundings } from './run-test.ts';
import type { ConformanceCase, ConformanceSuite, ConformanceTest } from './suite.ts';
import { unknownPart } from './unknown-parts.ts';
import { LEFT_OUT_CASES, type LeftOut } from './without-meaning.ts';

export type Outcome = 'passed' | 'failed' | 'leftOut' | 'notRun' | 'needlesslyListed';

export interface Verdict {
	readonly id: string;
	readonly outcome: Outcome;
	/** What differs, or why it was not run. */
	readonly detail: string;
}

/** Some seconds: the suite has 30. */
const ATTEMPTS = 25;
/** Enough for a case that is not expected to pass. */
const FEW_ATTEMPTS = 3;

/** `attempts`: how often a case may be tried until it passes as often as it must. */
export async function judge(test: ConformanceTest, around: Surroundings, attempts = ATTEMPTS): Promise<Verdict[]> {
	const verdicts = new Map<string, Verdict>();
	const sendable: ConformanceCase[] = [];
	for (const one of test.cases) {
		const obstacle = unsendable(one) || unknownPart(one);
		if (obstacle === '') sendable.push(one);
		else verdicts.set(one.id, notTried(test, one.id, obstacle));
	}
	const expected = sendable.filter(({ id }) => entryFor(test, id) === undefined);
	for (const { id, difference } of await differences(test, expected, around, attempts)) {
		verdicts.set(id, { id, outcome: difference === '' ? 'passed' : 'failed', detail: difference });
	}
	const listed = sendable.filter(({ id }) => entryFor(test, id) !== undefined);
	for (const { id, difference } of await differences(test, listed, around, FEW_ATTEMPTS)) {
		verdicts.set(id, { id, outcome: difference === '' ? 'needlesslyListed' : 'leftOut', detail: difference });
	}
	if (test.cases.length === 0) return [notTried(test, test.short_name)];
	return test.cases.map(({ id }) => verdicts.get(id) ?? notTried(test, id));
}

async function differences(
	test: ConformanceTest,
	cases: readonly ConformanceCase[],
	around: Surroundings,
	attempts: number,
): ReturnType<typeof runTest> {
	try {
		return await runTest(test, cases, around, attempts);
	} catch (error) {
		// The route file was refused.
		return cases.map(({ id }) => ({ id, difference: String(error) }));
	}
}

/** `id`: of a case, or the name of a test that has none. */
export function entryFor(test: ConformanceTest, id: string): LeftOut | undefined {
	return LEFT_OUT_CASES.find(({ ids }) => ids.includes(id) || ids.includes(test.short_name));
}

function notTried(test: ConformanceTest, id: string, detail = 'there is nothing to try'): Verdict {
	return { id, outcome: entryFor(test, id) === undefined ? 'notRun' : 'leftOut', detail };
}

/** Entries that name no test and no case, or one that another entry names. */
export function strayIds(suite: ConformanceSuite): readonly string[] {
	const known = new Set(suite.tests.flatMap(({ short_name, cases }) => [short_name, ...cases.map(({ id }) => id)]));
	const ids = LEFT_OUT_CASES.flatMap((entry) => entry.ids);
	return ids.filter((id, index) => !known.has(id) || ids.indexOf(id) !== index);
}
