/** Connections that were refused, in the log: strangers decide how many there are, so not all are told. */
import type { Clock } from '../clock.ts';
import type { Refusal } from '../ports/handshake.ts';
import type { Log } from '../ports/log.ts';
import { TokenBucket } from '../resilience/token-bucket.ts';

/** Lines a second. Enough to see who is refused and why; the metric counts all. */
const FLOW = { requests: 10, per: 1000, burst: 10 };

export class RefusalLog {
	private readonly log: Log;
	private readonly clock: Clock;
	private readonly bucket: TokenBucket;
	private untold = 0;

	constructor(log: Log, clock: Clock) {
		this.log = log;
		this.clock = clock;
		this.bucket = new TokenBucket(FLOW, clock.now());
	}

	add({ fault, detail }: Refusal, peer: string): void {
		if (this.bucket.take(this.clock.now()) > 0) {
			this.untold++;
			return;
		}
		const { untold } = this;
		this.untold = 0;
		this.log.warn({ code: fault, peer, detail, ...(untold > 0 && { untold }) }, 'a connection was refused');
	}
}
