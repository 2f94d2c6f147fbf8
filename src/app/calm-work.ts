/**
 * Work in slices that is asked for more often than it need be done: once for all who ask meanwhile, at once for the first
 * of them, then with a rest in between.
 */
import { TimerEntry, type Timers } from '../clock.ts';
import { calmly, type InSlices } from './slices.ts';

export interface CalmWorkOptions {
	readonly timers: Timers;
	/** Milliseconds from the end of the work until it begins again. */
	readonly restMs: number;
	work(): InSlices<void>;
	onError(error: unknown): void;
}

export class CalmWork extends TimerEntry {
	private readonly options: CalmWorkOptions;
	/** At work, or resting from it. */
	isBusy = false;
	private isWanted = false;
	private isStopped = false;

	constructor(options: CalmWorkOptions) {
		super();
		this.options = options;
	}

	/** Its first slice is done when this returns, unless there is a rest. */
	request(): void {
		if (this.isStopped) return;
		this.isWanted = true;
		if (!this.isBusy) this.begin();
	}

	/** What is under way is given up at its next pause. */
	stop(): void {
		this.isStopped = true;
		this.options.timers.disarm(this);
	}

	private begin(): void {
		const { timers, restMs, onError } = this.options;
		this.isBusy = true;
		this.isWanted = false;
		calmly(this.untilStopped())
			.catch(onError)
			.finally(() => {
				if (!this.isStopped) timers.arm(this, restMs);
			});
	}

	private *untilStopped(): InSlices<void> {
		const slices = this.options.work();
		while (!this.isStopped && slices.next().done !== true) yield;
	}

	override onTimer(): void {
		this.isBusy = false;
		if (this.isWanted) this.begin();
	}
}
