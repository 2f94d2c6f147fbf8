/**
 * The rate limits that are in force, so that those which a new route file leaves as they were keep their buckets: else
 * each reload would let everybody start anew.
 *
 * Theory of operation. A reload takes a generation and asks it for each limit of the new file. Nothing changes for the
 * running one until `commit`: then the limits that were asked for are the ones in force, and all others are forgotten. A
 * reload that is rejected drops its generation.
 */
import type { RateLimit } from '../config/config.ts';
import { RateLimitFilter } from './rate-limit.ts';

interface Limiter {
	readonly settings: string;
	readonly filter: RateLimitFilter;
}

export class RateLimiters {
	private readonly digest: (text: string) => string;
	private inForce: LimiterGeneration;

	/** `digest` as for `RateLimitFilter`. */
	constructor(digest: (text: string) => string) {
		this.digest = digest;
		this.inForce = new LimiterGeneration(null, digest);
	}

	nextGeneration(): LimiterGeneration {
		return new LimiterGeneration(this.inForce, this.digest);
	}

	/** From now on these are the limits. */
	commit(generation: LimiterGeneration): void {
		generation.forgetBefore();
		this.inForce = generation;
	}
}

export class LimiterGeneration {
	private before: LimiterGeneration | null;
	private readonly digest: (text: string) => string;
	private readonly limiters = new Map<string, Limiter>();

	constructor(before: LimiterGeneration | null, digest: (text: string) => string) {
		this.before = before;
		this.digest = digest;
	}

	/** `key` says whose limit it is: the side and the rule's name. The same filter for the same key and settings. */
	limiterFor(key: string, limit: RateLimit): RateLimitFilter {
		const settings = settingsOf(limit);
		const known = this.limiters.get(key) ?? this.before?.limiters.get(key);
		if (known?.settings === settings) {
			this.limiters.set(key, known);
			return known.filter;
		}
		const filter = new RateLimitFilter(limit, this.digest);
		this.limiters.set(key, { settings, filter });
		return filter;
	}

	/** Else each generation would keep all before it in memory. */
	forgetBefore(): void {
		this.before = null;
	}
}

function settingsOf({ requests, per, burst, by }: RateLimit): string {
	return JSON.stringify([requests, per, burst, by.map((key) => (key.by === 'header' ? [key.name] : key.by))]);
}
