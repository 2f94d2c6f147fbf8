/** The slices of one namespace, and who hears when those of a service have changed. */
import { TimerEntry, type Timers } from '../../clock.ts';
import type { Slice } from './slice.ts';

/** From the first change until listeners hear of it: a rollout of a thousand pods is ten lists a second at most. */
const MERGE_MS = 100;
/** Slices and endpoints that are kept: the pods of the largest cluster that Kubernetes supports. */
const MAX_KEPT = 150_000;

export interface SliceListener {
	readonly service: string;
	/** All slices of the service; never called before a whole list has been there. */
	onSlices(slices: readonly Slice[]): void;
	onFailure(reason: string): void;
}

function sizeOf(slice: Slice | undefined): number {
	return slice === undefined ? 0 : 1 + slice.endpoints.length;
}

/** A list while its pages come. */
export class SliceDraft {
	readonly slices = new Map<string, Slice>();
	size = 0;

	/** False: there are more than can be kept. */
	put(slice: Slice): boolean {
		this.size += sizeOf(slice) - sizeOf(this.slices.get(slice.name));
		this.slices.set(slice.name, slice);
		return this.size <= MAX_KEPT;
	}

	delete(name: string): void {
		this.size -= sizeOf(this.slices.get(name));
		this.slices.delete(name);
	}
}

export class SliceStore extends TimerEntry {
	readonly listeners = new Set<SliceListener>();
	private readonly timers: Timers;
	private draft: SliceDraft | null = null;
	/** Services that have changed since listeners heard of them. */
	private readonly changed = new Set<string>();

	constructor(timers: Timers) {
		super();
		this.timers = timers;
	}

	services(): Set<string> {
		return new Set([...this.listeners].map(({ service }) => service));
	}

	/** Tells a listener that came late what is known already. */
	tell(listener: SliceListener): void {
		if (this.draft === null) return;
		listener.onSlices([...this.draft.slices.values()].filter(({ service }) => service === listener.service));
	}

	/** A whole list. Listeners hear of it at once. */
	replace(draft: SliceDraft): void {
		this.draft = draft;
		for (const { service } of this.listeners) this.changed.add(service);
		this.onTimer();
	}

	/** False: there are more than can be kept. */
	put(slice: Slice): boolean {
		this.touch(this.draft?.slices.get(slice.name));
		this.touch(slice);
		return this.draft?.put(slice) ?? true;
	}

	delete(name: string): void {
		this.touch(this.draft?.slices.get(name));
		this.draft?.delete(name);
	}

	fail(reason: string): void {
		for (const listener of [...this.listeners]) listener.onFailure(reason);
	}

	stop(): void {
		this.timers.disarm(this);
	}

	override onTimer(): void {
		this.timers.disarm(this);
		const byService = new Map<string, Slice[]>();
		for (const service of this.changed) byService.set(service, []);
		this.changed.clear();
		for (const slice of this.draft?.slices.values() ?? []) byService.get(slice.service)?.push(slice);
		for (const listener of [...this.listeners]) {
			const slices = byService.get(listener.service);
			if (slices !== undefined) listener.onSlices(slices);
		}
	}

	private touch(slice: Slice | undefined): void {
		if (slice === undefined) return;
		if (this.changed.size === 0) this.timers.arm(this, MERGE_MS);
		this.changed.add(slice.service);
	}
}
