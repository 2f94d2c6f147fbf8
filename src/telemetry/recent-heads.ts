/**
 * The request heads that were seen last, for `/recent` and for comparing route files.
 *
 * Theory of operation. A ring of fixed size; an entry is the head's own text, which the exchange has anyway, and three more
 * words. Nothing is parsed or masked until somebody asks, so that an exchange pays for three stores. A text that is kept
 * is one string of the head alone, never a slice that would hold on to a larger one; what is longer than its bound is
 * copied up to it. So the ring holds a megabyte at most.
 */
import type { Side } from '../config/config.ts';
import type { ExchangeRecord } from '../ports/telemetry.ts';

export interface RecentHead {
	readonly side: Side;
	/** The service by whose own port it came; `''`: by the port of its side. */
	readonly service: string;
	/** One character a byte; ends with the empty line. */
	readonly text: string;
	readonly route: string;
	readonly status: number;
}

/** A power of two. */
const CAPACITY = 256;
/** Most heads have a fourth of it. */
const MAX_BYTES = 4096;
const LINE_END = '\r\n';

export class RecentHeads {
	private readonly entries: RecentHead[] = Array.from({ length: CAPACITY }, () => new Entry());
	private next = 0;

	record(record: ExchangeRecord): void {
		const { headText } = record;
		if (headText === '') return;
		const entry = this.entries[this.next] as Entry;
		this.next = (this.next + 1) & (CAPACITY - 1);
		entry.side = record.side;
		entry.service = record.portService;
		entry.text = headText.length <= MAX_BYTES ? headText : shortened(headText);
		entry.route = record.route;
		entry.status = record.status;
	}

	/** The newest first. */
	list(): RecentHead[] {
		const { entries, next } = this;
		const ordered = [...entries.slice(next), ...entries.slice(0, next)].reverse();
		return ordered.filter(({ text }) => text !== '').map((entry) => ({ ...entry }));
	}
}

class Entry implements RecentHead {
	side: Side = 'inbound';
	service = '';
	text = '';
	route = '';
	status = 0;
}

const copied = Buffer.allocUnsafeSlow(MAX_BYTES);

/** As many whole lines as there is room for; `''` when the first line alone is too long. */
function shortened(text: string): string {
	const end = text.lastIndexOf(LINE_END, MAX_BYTES - 2 * LINE_END.length);
	if (end < 0) return '';
	// By way of bytes: a slice would keep the whole text alive.
	copied.write(text, 0, end + LINE_END.length, 'latin1');
	copied.write(LINE_END, end + LINE_END.length, 'latin1');
	return copied.toString('latin1', 0, end + 2 * LINE_END.length);
}
