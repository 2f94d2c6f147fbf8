/** Answers what the running rules do with a request: `/explain` and `/recent`. What that takes is loaded when it is asked. */
import type { ExplainProviders } from '../admin/explain-endpoints.ts';
import type { AskedRequest } from '../explain/asked-request.ts';
import type { Explainer, Explanation } from '../explain/explain.ts';
import type { ReceivedHead } from '../explain/recorded-head.ts';
import type { Redaction } from '../explain/redaction.ts';
import { breathe } from '../io/breathe.ts';
import type { RecentHeads } from '../telemetry/recent-heads.ts';
import type { Snapshot } from './snapshot.ts';

/** Heads looked at between two pauses: a tenth of a millisecond each. */
const HEADS_A_SLICE = 16;

export class Explaining implements ExplainProviders {
	private readonly snapshot: () => Snapshot;
	private readonly heads: RecentHeads;
	private known: { readonly snapshot: Snapshot; readonly explainer: Explainer } | null = null;

	/** `snapshot`: what is in force. */
	constructor(snapshot: () => Snapshot, heads: RecentHeads) {
		this.snapshot = snapshot;
		this.heads = heads;
	}

	async explain(asked: AskedRequest, limit: number): Promise<Explanation> {
		const slices = (await this.explainer()).explain(asked, limit);
		for (;;) {
			const slice = slices.next();
			if (slice.done === true) return slice.value;
			await breathe();
		}
	}

	async *recent(): AsyncGenerator<string> {
		const { recordedRequest } = await import('../explain/recorded-head.ts');
		const redaction = await this.redaction();
		yield* inSlices('[', this.heads.list(), (head) => recordedRequest(head, redaction), ']\n');
	}

	async *recentFates(): AsyncGenerator<string> {
		const { recordedFate } = await import('../explain/recorded-head.ts');
		const redaction = await this.redaction();
		const explainer = await this.explainer();
		const start = `{"hash":${JSON.stringify(this.snapshot().taken.config.hash)},"requests":[`;
		yield* inSlices(start, this.heads.list(), (head) => recordedFate(head, redaction, explainer), ']}\n');
	}

	private async redaction(): Promise<Redaction> {
		const loaded = await import('../explain/redaction.ts');
		return new loaded.Redaction(this.snapshot().taken.config);
	}

	private async explainer(): Promise<Explainer> {
		const loaded = await import('../explain/explain.ts');
		// To load it takes a turn of its own, the first time.
		await breathe();
		const snapshot = this.snapshot();
		if (this.known?.snapshot === snapshot) return this.known.explainer;
		const { config, effectiveConfig, masked, compileRegex } = snapshot.taken;
		const explainer = new loaded.Explainer({
			config,
			effectiveAt: (path) => effectiveConfig.at(path),
			masked,
			compileRegex,
			match: (side, head) => snapshot[side]?.context.routes.match(head) ?? null,
		});
		this.known = { snapshot, explainer };
		return explainer;
	}
}

/** A JSON list, a slice at a time; what a head has no word for is left out. */
async function* inSlices(
	start: string,
	heads: readonly ReceivedHead[],
	say: (head: ReceivedHead) => unknown,
	end: string,
): AsyncGenerator<string> {
	let text = start;
	let separator = '';
	for (const [index, head] of heads.entries()) {
		const said = say(head);
		if (said !== null) {
			text += `${separator}${JSON.stringify(said)}`;
			separator = ',\n';
		}
		if (index % HEADS_A_SLICE !== HEADS_A_SLICE - 1) continue;
		yield text;
		text = '';
		await breathe();
	}
	yield text + end;
}
