/** How one case of a suite was judged. */
import type { Transcript } from '../support/codec-transcript.ts';
import type { SuiteName } from './load-suite.ts';

/** `either`: the suite leaves it open; what is accepted must still be unambiguous. */
export type Expected = 'accept' | 'refuse' | 'either';

export interface Judgement {
	suite: SuiteName;
	id: string;
	expected: Expected;
	/** What we do. A message that never becomes whole counts as refused: it is never handed on as whole. */
	verdict: 'accept' | 'refuse';
	/** What is wrong though the verdict is as expected, such as another body; `''` when nothing is. */
	problem: string;
}

export function verdictOf(transcript: Transcript): 'accept' | 'refuse' {
	return transcript.error === null && transcript.state === 'idle' ? 'accept' : 'refuse';
}

/** What an exception must explain: the other verdict, or the right one with a difference. `''` when all is as the suite says. */
export function deviationOf(one: Judgement): '' | 'accepts' | 'refuses' | 'differs' {
	if (one.expected !== 'either' && one.expected !== one.verdict) return `${one.verdict}s`;
	return one.problem === '' ? '' : 'differs';
}
