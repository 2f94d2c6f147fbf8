/** A run of the fuzzer: inputs from a seed, verdicts counted, failures kept. */
import { SeededRandom } from '../support/seeded-random.ts';
import { check } from './check.ts';
import { type FuzzInput, generate } from './grammar.ts';
import { mutate } from './mutate.ts';
import { shrink } from './shrink.ts';

/** Kinds of failure that are reported; more of them say nothing new. */
const MAX_FAILURES = 20;
/** Far above what any input takes; an input that takes longer hangs for an attacker. */
const MAX_INPUT_MS = 1_000;

export interface Failure {
	what: string;
	input: FuzzInput;
	/** How often this kind was seen. */
	count: number;
}

export class Campaign {
	inputs = 0;
	bytes = 0;
	readonly counts = new Map<string, number>();
	readonly failures = new Map<string, Failure>();
	/** Shortest input of each named reason. */
	readonly examples = new Map<string, string>();
	private readonly random: SeededRandom;
	private previous = '';

	constructor(seed: number) {
		this.random = new SeededRandom(seed);
	}

	/** One input; `now` measures that it does not hang. */
	step(now: () => number): void {
		const base = generate(this.random);
		const input = { ...base, bytes: mutate(base.bytes, this.random, this.previous) };
		this.previous = base.bytes;
		const started = now();
		const outcome = check(input, this.random);
		if (now() - started > MAX_INPUT_MS) this.fail('takes too long', input);
		this.inputs++;
		this.bytes += input.bytes.length;
		if (outcome.kind === 'failure') this.fail(outcome.what, input);
		const name = outcome.kind === 'failure' ? 'failure' : `${outcome.kind} ${outcome.what}`.trim();
		this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
		if (input.bytes.length < (this.examples.get(name)?.length ?? Number.POSITIVE_INFINITY))
			this.examples.set(name, input.bytes);
	}

	get isHopeless(): boolean {
		return this.failures.size >= MAX_FAILURES;
	}

	summary(): string {
		const lines = [...this.counts]
			.sort((a, b) => b[1] - a[1])
			.map(([name, count]) => `${String(count).padStart(10)}  ${name}: ${JSON.stringify(this.examples.get(name))}`);
		for (const { what, input, count } of this.failures.values()) {
			lines.push(
				`FAILURE (${count} times): ${what}`,
				`  answers ${JSON.stringify(input.answers)}, ended ${input.ended}`,
			);
			lines.push(`  ${JSON.stringify(input.bytes)}`);
		}
		return lines.join('\n');
	}

	private fail(what: string, input: FuzzInput): void {
		const kind = what.replace(/\d+/g, '#');
		const known = this.failures.get(kind);
		if (known !== undefined) known.count++;
		else this.failures.set(kind, { what, input: shrink(input, what), count: 1 });
	}
}
