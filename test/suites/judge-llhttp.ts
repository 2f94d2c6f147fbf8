/** Verdicts of the codec on llhttp's own fixtures. */
import { readRequests, readResponses, type Transcript } from '../support/codec-transcript.ts';
import { problemOfForwarding } from '../support/forwarded-form.ts';
import { differences, judge, refusedWithoutHost } from './compare-requests.ts';
import type { Expected, Judgement } from './judgement.ts';
import { bytesOf, loadSuite } from './load-suite.ts';
import { withHost, withHosts } from './with-host.ts';

interface LlhttpMessage {
	method: string;
	url: string;
	headers: [string, string][];
	body: string;
	complete: boolean;
	status_code?: number;
}

export interface LlhttpCase {
	id: string;
	type: string;
	options: { skipBody?: true };
	bytes_b64: string;
	expect: { outcome: 'ok' | 'error' | 'some-then-error'; messages: LlhttpMessage[] };
}

export function judgeLlhttp(): Judgement[] {
	return loadSuite<LlhttpCase>('llhttp-fixtures').cases.map((one) =>
		one.type.startsWith('response') ? llhttpResponse(one) : llhttpRequest(one),
	);
}

/** Modes in which llhttp reads on after a message that closes the connection. We take that message, and nothing after it. */
const READS_ON = /-lenient-(?:keep-alive|data-after-close)$/;

/** The other lenient modes repair what we refuse: that llhttp takes it with a flag on is no reason to. */
export function llhttpExpects(one: LlhttpCase): Expected {
	if (READS_ON.test(one.type)) return 'accept';
	if (/-lenient-/.test(one.type)) return 'refuse';
	return one.expect.outcome === 'error' ? 'refuse' : 'accept';
}

function wantedMessages(one: LlhttpCase): LlhttpMessage[] {
	return READS_ON.test(one.type) ? one.expect.messages.slice(0, 1) : one.expect.messages;
}

/** A fixture may stop in the middle of a message, or where llhttp hands over to a tunnel: what came before is what counts. */
function settle(transcript: Transcript, one: LlhttpCase): void {
	const isCut = one.expect.messages.some((message) => !message.complete);
	const isHandedOver = one.expect.outcome === 'some-then-error' && transcript.messages.at(-1)?.isComplete === true;
	if (isHandedOver) transcript.error = null;
	if ((isCut && transcript.error === null) || isHandedOver) transcript.state = 'idle';
}

function llhttpRequest(one: LlhttpCase): Judgement {
	const expected = llhttpExpects(one);
	const wanted = wantedMessages(one).map((message) => ({ ...message, target: message.url }));
	const bytes = bytesOf(one.bytes_b64);
	const judged = expected === 'accept' ? withHosts(bytes, wanted) : (withHost(bytes) ?? bytes);
	const transcript = readRequests(judged);
	if (expected === 'accept') settle(transcript, one);
	let problem = withHost(bytes) === null ? '' : refusedWithoutHost(bytes);
	if (expected === 'accept') {
		// A message whose head is not whole is none to us.
		const heard = wanted.filter((message, i) => message.complete || i < transcript.messages.length);
		const fieldsOf = (message: LlhttpMessage) =>
			message.headers.map(([name, value]): [string, string] => [name, value.trim()]);
		const expectations = heard.map((message) => ({ ...message, fields: fieldsOf(message) }));
		problem ||= differences(transcript.messages, expectations) || problemOfForwarding(judged);
	}
	return judge('llhttp-fixtures', one.id, expected, transcript, problem);
}

/** More answers than any fixture holds. */
const MANY_ANSWERS = 8;

function llhttpResponse(one: LlhttpCase): Judgement {
	const expected = llhttpExpects(one);
	const wanted = wantedMessages(one);
	const count = expected === 'accept' ? Math.max(1, wanted.length) : MANY_ANSWERS;
	const asked = Array.from({ length: count }, () => (one.options.skipBody ? 'HEAD' : 'GET'));
	const transcript = readResponses(bytesOf(one.bytes_b64), asked, one.type === 'response-finish');
	if (expected === 'accept') settle(transcript, one);
	// Answers that did not come are no fault of the bytes.
	if (transcript.error === null && transcript.messages.at(-1)?.isComplete === true) transcript.state = 'idle';
	const show = (list: readonly { status: number; body: string }[]): string =>
		JSON.stringify(list.map(({ status, body }) => [status, body]));
	const heard = wanted.slice(0, transcript.messages.length).map((m) => ({ status: m.status_code ?? 0, body: m.body }));
	const same = show(transcript.messages) === show(heard);
	const problem = expected === 'refuse' || same ? '' : `${show(transcript.messages)} instead of ${show(heard)}`;
	return judge('llhttp-fixtures', one.id, expected, transcript, problem);
}
