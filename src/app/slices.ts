/** Work that pauses now and then, for whoever has an event loop to look after. */
import { breathe } from '../io/breathe.ts';
import { loopClock } from '../io/loop-clock.ts';

export type InSlices<T> = Generator<undefined, T, undefined>;

/** Without the pauses. */
export function atOnce<T>(slices: InSlices<T>): T {
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

/** Lets the event loop turn in between: requests are being served. */
export async function calmly<T>(slices: InSlices<T>): Promise<T> {
	for (;;) {
		loopClock.refresh();
		const slice = slices.next();
		if (slice.done === true) return slice.value;
		await breathe();
	}
}

/** The same, given up as soon as nobody wants it any more. False: it was. */
export async function calmlyUntil(slices: InSlices<void>, isOver: () => boolean): Promise<boolean> {
	while (!isOver()) {
		loopClock.refresh();
		if (slices.next().done === true) return true;
		await breathe();
	}
	return false;
}
