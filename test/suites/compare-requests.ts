/** The pieces that the judges of all suites share: what was expected, and how what was heard differs from it. */
import { type HeardMessage, readRequests, type Transcript } from '../support/codec-transcript.ts';
import { type Expected, type Judgement, verdictOf } from './judgement.ts';
import type { SuiteName } from './load-suite.ts';
import { SUITE_HOST } from './with-host.ts';

export interface ExpectedRequest {
	method: string;
	target: string;
	/** Name and value of each field, trailers last; names are compared without case. */
	fields: [string, string][];
	/** `null` when the suite has it only as a program. */
	body: string | null;
}

export function judge(
	suite: SuiteName,
	id: string,
	expected: Expected,
	transcript: Transcript,
	problem: string,
): Judgement {
	return { suite, id, expected, verdict: verdictOf(transcript), problem };
}

function show(pairs: readonly (readonly [string, string])[]): string {
	return JSON.stringify(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

/** What is different, `''` when nothing is. A Host that was put in does not count. */
export function differences(heard: readonly HeardMessage[], expected: readonly ExpectedRequest[]): string {
	if (heard.length !== expected.length) return `${heard.length} messages instead of ${expected.length}`;
	for (const [i, wanted] of expected.entries()) {
		const got = heard[i] as HeardMessage;
		const fields = got.fields.filter(([name, value]) => name !== 'Host' || value !== SUITE_HOST);
		const heardFields = show([...fields, ...got.trailers]);
		const justFields = show(fields);
		const wantedFields = show(wanted.fields);
		if (wanted.method !== got.method) return `method ${got.method} instead of ${wanted.method}`;
		if (wanted.target !== got.target) return `target ${got.target} instead of ${wanted.target}`;
		if (wantedFields !== heardFields && wantedFields !== justFields)
			return `fields ${heardFields} instead of ${wantedFields}`;
		if (wanted.body !== null && wanted.body !== got.body) {
			return `body ${JSON.stringify(got.body)} instead of ${JSON.stringify(wanted.body)}`;
		}
	}
	return '';
}

/** A request that has no Host is never handed on. */
export function refusedWithoutHost(bytes: Buffer): string {
	return readRequests(bytes).messages.length === 0 ? '' : 'HTTP/1.1 without Host is accepted';
}
