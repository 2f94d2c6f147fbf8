/**
 * Everything that must hold for one input: no exception, the same however it is cut, nothing sent on that could be read in
 * two ways, and no unexplained disagreement with llhttp.
 */
import { type Cuts, linesOf, readRequests, readResponses, type Transcript } from '../support/codec-transcript.ts';
import { problemOfAnswering, problemOfForwarding } from '../support/forwarded-form.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { compare, type Outcome } from './compare.ts';
import type { FuzzInput } from './grammar.ts';
import { runLlhttp } from './llhttp.ts';

/** Share of the inputs that are also fed byte by byte. */
const BYTEWISE_SHARE = 0.2;

function read(input: FuzzInput, bytes: Buffer, cuts: Cuts): Transcript {
	if (input.answers === null) return readRequests(bytes, cuts);
	return readResponses(bytes, input.answers, input.ended, cuts);
}

export function check(input: FuzzInput, random: SeededRandom): Outcome {
	const bytes = Buffer.from(input.bytes, 'latin1');
	let ours: Transcript;
	try {
		ours = read(input, bytes, []);
		const whole = linesOf(ours).join('\n');
		const cuts = random.chance(BYTEWISE_SHARE)
			? Array.from(bytes.keys())
			: [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b);
		if (linesOf(read(input, bytes, cuts)).join('\n') !== whole) {
			return { kind: 'failure', what: `not the same when cut at ${cuts.join()}` };
		}
	} catch (thrown) {
		return { kind: 'failure', what: `threw ${String(thrown)}` };
	}
	const sentOn =
		input.answers === null ? problemOfForwarding(bytes) : problemOfAnswering(bytes, input.answers, input.ended);
	if (sentOn !== '') return { kind: 'failure', what: sentOn };
	const theirs = runLlhttp(bytes, input.answers, input.ended);
	return compare(ours, theirs, input.bytes);
}
