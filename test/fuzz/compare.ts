/** Our parsers against llhttp, on one input. */
import type { HeardMessage, Transcript } from '../support/codec-transcript.ts';
import type { LlhttpMessage, LlhttpResult } from './llhttp.ts';
import { DIFFERENT, LAXER, STRICTER } from './reasons.ts';

export interface Outcome {
	kind: 'agree' | 'stricter' | 'laxer' | 'different' | 'failure';
	/** Name of the reason, or what is wrong. */
	what: string;
}

const AGREE: Outcome = { kind: 'agree', what: '' };

function failure(what: string): Outcome {
	return { kind: 'failure', what };
}

function stricter(ours: Transcript, theirs: LlhttpMessage | undefined): Outcome {
	const detail = ours.error?.detail ?? '';
	const reason = STRICTER.find((one) => one.detail.test(detail));
	if (reason === undefined) return failure(`we refuse what llhttp takes: ${detail}`);
	if (reason.holds !== undefined && !reason.holds(theirs)) return failure(`we refuse for what is not there: ${detail}`);
	return { kind: 'stricter', what: reason.name };
}

function laxer(theirs: LlhttpResult, ours: HeardMessage | undefined, input: string): Outcome {
	const reason = LAXER.find((one) => one.reason.test(theirs.error) && one.holds(ours, input));
	if (reason !== undefined) return { kind: 'laxer', what: reason.name };
	return failure(`we take what llhttp refuses: ${theirs.error}`);
}

/** Fields as llhttp gives them; it leaves blanks at the end of a value. */
function fieldsText(pairs: readonly string[]): string {
	return pairs.map((part, i) => (i % 2 === 0 ? part : part.replace(/^[ \t]+|[ \t]+$/g, ''))).join('\n');
}

/** What is different in two heads that both have read; `''` when nothing is. */
function headDifference(ours: HeardMessage, theirs: LlhttpMessage): string {
	if (ours.method !== theirs.method) return 'method';
	if (ours.target !== theirs.target) return 'target';
	if (ours.status !== theirs.status) return 'status';
	return '';
}

function fieldDifference(ours: HeardMessage, theirs: LlhttpMessage): string {
	const mine = ours.fields.flat().join('\n');
	if (mine === fieldsText(theirs.fields)) return '';
	// We take the framing fields off what cannot have a body, and make one of equal lengths.
	const isFraming = (name: string): boolean => /^(content-length|transfer-encoding)$/i.test(name);
	const others = (pairs: readonly (readonly [string, string])[]): string =>
		fieldsText(pairs.filter(([name]) => !isFraming(name)).flat());
	const theirPairs = theirs.fields.flatMap((name, i): [string, string][] =>
		i % 2 === 0 ? [[name, theirs.fields[i + 1] ?? '']] : [],
	);
	return theirs.status > 0 && others(ours.fields) === others(theirPairs) ? '' : 'fields';
}

/** Ours stopped for good after this message: close, CONNECT or upgrade. */
function isLast(ours: Transcript, index: number): boolean {
	const message = ours.messages[index] as HeardMessage;
	return (
		message.isComplete &&
		index === ours.messages.length - 1 &&
		message.head.some((line) => /^(close|upgrade: )/.test(line))
	);
}

export function compare(ours: Transcript, theirs: LlhttpResult, input: string): Outcome {
	const outcome = compareMessages(ours, theirs, input);
	if (outcome.kind !== 'failure') return outcome;
	const reason = DIFFERENT.find((one) => one.what.test(outcome.what) && one.holds(input, ours.messages));
	return reason === undefined ? outcome : { kind: 'different', what: reason.name };
}

function compareMessages(ours: Transcript, theirs: LlhttpResult, input: string): Outcome {
	for (let i = 0; ; i++) {
		const mine = ours.messages[i];
		const other = theirs.messages[i];
		if (mine === undefined || other === undefined) return compareEnd(ours, theirs, mine, other, input);
		const head = headDifference(mine, other) || fieldDifference(mine, other);
		if (head !== '') return failure(`another ${head}`);
		const body = compareBodies(ours, theirs, mine, other, input);
		if (body !== null) return body;
		const persistence = comparePersistence(ours, i, mine, other);
		if (persistence !== null) return persistence;
	}
}

/** One side has no more messages. */
function compareEnd(
	ours: Transcript,
	theirs: LlhttpResult,
	mine: HeardMessage | undefined,
	other: LlhttpMessage | undefined,
	input: string,
): Outcome {
	if (mine === undefined && ours.error !== null)
		return theirs.error !== '' && other === undefined ? AGREE : stricter(ours, other);
	if (mine === undefined && other === undefined) {
		// An unfinished head may still be refused; nothing has been handed on.
		return theirs.error === '' || ours.state === 'unfinished' ? AGREE : laxer(theirs, undefined, input);
	}
	if (mine === undefined) return failure('llhttp has read a head that we have not');
	return theirs.error === '' ? failure('we have read a head that llhttp has not') : laxer(theirs, mine, input);
}

/** `null` when both have read the same whole body. */
function compareBodies(
	ours: Transcript,
	theirs: LlhttpResult,
	mine: HeardMessage,
	other: LlhttpMessage,
	input: string,
): Outcome | null {
	if (mine.isComplete && other.isComplete) {
		if (mine.body !== other.body) return failure('another body');
		const trailers = mine.trailers.flat().join('\n');
		return trailers === fieldsText(other.trailers) ? null : failure('other trailers');
	}
	if (!mine.body.startsWith(other.body) && !other.body.startsWith(mine.body)) return failure('another body');
	if (mine.isComplete)
		return theirs.error === '' ? failure('we end a body that llhttp does not') : laxer(theirs, mine, input);
	if (ours.error !== null) return theirs.error === '' || other.isComplete ? stricter(ours, other) : AGREE;
	if (other.isComplete) return failure('llhttp ends a body that we do not');
	// Not one byte more than llhttp's was handed on, and the end is still open.
	const isOpen = theirs.error === '' || mine.body.length <= other.body.length;
	return isOpen ? AGREE : laxer(theirs, mine, input);
}

/** `null` when both read on. */
function comparePersistence(ours: Transcript, index: number, mine: HeardMessage, other: LlhttpMessage): Outcome | null {
	const stopped = isLast(ours, index) || (mine.method === 'CONNECT' && index === ours.messages.length - 1);
	const theyStop = other.isUpgrade || !other.shouldKeepAlive;
	if (stopped && theyStop) return AGREE;
	if (stopped) return { kind: 'stricter', what: 'closes' };
	if (other.isUpgrade) return { kind: 'stricter', what: 'upgrade-passed-over' };
	if (!other.shouldKeepAlive && other.status === 0) return failure('we keep a connection that llhttp closes');
	return null;
}
