/** SIGTERM and SIGINT, from the first moment of a run: one that comes while it starts is kept until somebody asks. */
import { signalNumber } from './supervise.ts';

export type StopSignal = 'SIGTERM' | 'SIGINT';

export class StopSignals {
	/** One has come. */
	hasCome = false;
	private handler: ((signal: StopSignal) => void) | null = null;

	constructor() {
		for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.received(signal));
	}

	/** Called for each signal from now on. */
	onSignal(handler: (signal: StopSignal) => void): void {
		this.handler = handler;
	}

	private received(signal: StopSignal): void {
		if (this.handler !== null) return this.handler(signal);
		// The second while nothing runs yet: there is nothing to end but ourselves.
		if (this.hasCome) process.exit(128 + signalNumber(signal));
		this.hasCome = true;
	}
}
