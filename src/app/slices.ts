/** Work that pauses now and then, for whoever has an event loop to look after. */
import { breathe } from '../io/breathe.ts';
import { fitHeapGrowth } from '../io/heap-growth.ts';
import { loopClock } from '../io/loop-clock.ts';

export type InSlices<T> = Generator<undefined, T, undefined>;

/** Without the pauses. */
export function atOnce<T>(slices: InSlices<T>): T {
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

/** Lets the event loop turn in between: requests are being served. Much of what is made so stays. */
export async function calmly<T>(slices: InSlices<T>): Promise<T> {
	for (;;) {
		loopClock.refresh();
		const slice = slices.next();
		if (slice.done === true) {
			fitHeapGrowth();
			return slice.value;
		}
		await breathe();
	}
}
