/** The `tests` of a route file: what each expects, what happens, and the first reason why that is another thing. */
import type { Config, RouteTest } from '../config/config.ts';
import type { Position } from '../config/position.ts';
import { requestLine } from './asked-request.ts';
import type { Explainer, Fate } from './explain.ts';
import type { Mask } from './mask.ts';
import type { Outcome } from './outcome.ts';
import { percent } from './steps.ts';

/** An expectation that does not hold. */
export interface TestFailure {
	/** `rule \`rest\` gets it`. */
	readonly happens: string;
	/** `rule \`reads\``. */
	readonly expected: string;
	/** Why it is not as expected; `''` when that says it all. */
	readonly because: string;
}

export interface TestResult {
	readonly name: string;
	readonly at: Position;
	/** `GET http://orders/7`. */
	readonly request: string;
	readonly ok: boolean;
	/** What happens, in short: `rule reads, to app`. */
	readonly happens: string;
	readonly failures: readonly TestFailure[];
}

/** All of a file's, in its order. */
export function runTests(config: Config, explainer: Explainer): TestResult[] {
	return config.tests.map((test, index) => runTest(test, explainer, explainer.maskOfTest(index)));
}

function runTest(test: RouteTest, explainer: Explainer, mask: Mask): TestResult {
	const { request, expect, name, at } = test;
	const evaluation = explainer.evaluate(request);
	const { fate, winner, unmasked } = evaluation;
	const failures: TestFailure[] = [];
	if (expect.route !== null && expect.route !== (winner?.rule.name ?? '')) {
		failures.push({
			happens: fate.winner === null ? noRule(fate) : `rule \`${fate.winner.name}\` gets it`,
			expected: expect.route === '' ? 'that no rule takes it' : `rule \`${expect.route}\``,
			because: expect.route === '' ? '' : explainer.whyNot(evaluation, expect.route),
		});
	}
	if (expect.backend !== null && !mayGoTo(unmasked, expect.backend)) {
		failures.push({ happens: whereOf(fate.outcome), expected: `backend \`${expect.backend}\``, because: '' });
	}
	if (expect.status !== null && expect.status !== unmasked.status) {
		failures.push({ happens: whereOf(fate.outcome), expected: `status ${expect.status}`, because: '' });
	}
	return {
		name: mask(name),
		at,
		request: mask(requestLine(fate.request)),
		ok: failures.length === 0,
		happens: mask(`${fate.winner === null ? 'no rule' : `rule ${fate.winner.name}`}, ${whereOf(fate.outcome)}`),
		failures: failures.map(({ happens, expected, because }) => ({
			happens: mask(happens),
			expected: mask(expected),
			because: mask(because),
		})),
	};
}

function noRule({ outcome }: Fate): string {
	return outcome.kind === 'refused' ? outcome.why : 'no rule takes it';
}

function mayGoTo({ kind, backends }: Outcome, label: string): boolean {
	if (kind !== 'backends') return false;
	return backends.some((share) => share.label === label && share.percent > 0 && share.invalid === '');
}

/** Where a request goes, in a few words. */
export function whereOf({ kind, status, code, location, backends, host }: Outcome): string {
	switch (kind) {
		case 'backends':
			return `to ${backends
				.filter((share) => share.percent > 0)
				.map((share) => `${share.label}${share.percent === 100 ? '' : ` ${percent(share.percent)}`}`)
				.join(', ')}`;
		case 'answer':
			return `answered with ${status}${location === '' ? '' : ` to ${location}`}`;
		case 'refused':
			return status === null ? 'refused' : `refused with ${status} ${code}`;
		case 'passthrough':
			return `to ${host} itself`;
		case 'bytes':
			return 'forwarded as bytes';
	}
}
