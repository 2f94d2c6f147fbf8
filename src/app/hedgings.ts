/** What the hedges of each rule have in common, kept from file to file: else each reload would forget how long attempts take. */
import type { HedgePolicy } from '../config/config.ts';
import { Hedging } from '../resilience/hedge.ts';
import { isSame } from './restart-only.ts';

export class Hedgings {
	private readonly known = new Map<string, Hedging>();
	private before: Hedgings | null;

	/** `before`: those of the running file. They stay as they are. */
	constructor(before: Hedgings | null) {
		this.before = before;
	}

	/** `key` says whose policy it is: the side and the rule. The same object for the same key and policy. */
	hedgingFor(key: string, policy: HedgePolicy, now: number): Hedging {
		const known = this.known.get(key) ?? this.before?.known.get(key);
		const hedging = known !== undefined && isSame(known.policy, policy) ? known : new Hedging(policy, now);
		this.known.set(key, hedging);
		return hedging;
	}

	/** All rules have asked: the running file's are not needed any more. */
	complete(): void {
		this.before = null;
	}
}
