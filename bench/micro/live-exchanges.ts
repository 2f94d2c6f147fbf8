/** What it costs a request to be known while it is under way, and a call to find it. */
import { TimerEntry } from '../../src/clock.ts';
import type { ErrorCode } from '../../src/error.ts';
import { systemRandom } from '../../src/io/system.ts';
import { type LiveExchange, LiveExchanges } from '../../src/proxy/live-exchanges.ts';

class Entry extends TimerEntry implements LiveExchange {
	traceId = '';
	spanId = '';
	readonly requestId = '';
	readonly statedDeadline = 0;
	readonly requestDeadline = 0;
	readonly errorCode: ErrorCode | '' = '';
	nextSpan: LiveExchange | null = null;
	linkBefore: LiveExchange | null = null;
	linkAfter: LiveExchange | null = null;
	firstCall: LiveExchange | null = null;
	madeFor: LiveExchange | null = null;
	onClientLeft(): void {
		throw new Error('nobody leaves');
	}
	override onTimer(): void {
		throw new Error('it is never armed');
	}
}

/** As a busy process has them. */
const UNDER_WAY = 64;

function begin(live: LiveExchanges, entry: Entry): void {
	const ids = systemRandom.hex(24);
	entry.traceId = ids.slice(0, 32);
	entry.spanId = ids.slice(32);
	live.add(entry);
}

export function cases() {
	const live = new LiveExchanges();
	const entries = Array.from({ length: UNDER_WAY }, () => new Entry());
	for (const entry of entries) begin(live, entry);
	let at = 0;
	return [
		{ name: 'ids of a new request', fn: () => systemRandom.hex(24).slice(32) },
		{
			name: 'ids of a new request, known from begin to end',
			fn: () => {
				const entry = entries[at++ % UNDER_WAY] as Entry;
				live.remove(entry, 0);
				begin(live, entry);
				return entry;
			},
		},
		{ name: 'find by span', fn: () => live.find('', (entries[at++ % UNDER_WAY] as Entry).spanId, 0) },
		{ name: 'find by trace', fn: () => live.find((entries[at++ % UNDER_WAY] as Entry).traceId, 'other', 0) },
	];
}
