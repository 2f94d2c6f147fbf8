/**
 * Asks the app whether it is well: that its port accepts, or that a path answers 2xx. It calls over the same dialer and
 * codec as traffic does, one connection a check: an app that has stopped listening is not well, whatever is left open.
 *
 * Theory of operation. Checks never overlap. While the app is not known to be well they come quickly, so that readiness
 * and recovery are noticed at once; afterwards at the route file's interval. `suspect` (a request could not connect, or
 * failures have opened the circuit) brings the next check forward, and while there is doubt they stay quick: an app that
 * was away for less than an interval is seen to be away and to come back, which is what lets traffic through again.
 * The one timer is the wait for the next check, and during a check its deadline.
 */
import { TimerEntry, type Timers } from '../clock.ts';
import type { Dialer } from './dial.ts';
import { HttpProbe } from './http-probe.ts';
import type { Probe, ProbeListener } from './probe.ts';
import { TcpProbe } from './tcp-probe.ts';

/** While the app is not well, or may not be. */
const EAGER_MS = 20;
/** A check over HTTP must be answered within this; as the default of Envoy's and Kubernetes' probes. */
const ANSWER_MS = 1000;

export interface HealthOptions {
	readonly dialer: Dialer;
	readonly timers: Timers;
	/** `null`: the port accepts. */
	readonly path: string | null;
	readonly authority: string;
	/** Milliseconds between checks while the app is well. */
	readonly intervalMs: number;
	/** Traffic is being held back for its failures: whatever the last check said, look closely. */
	isDoubtful(): boolean;
	/** Called on each change; the first answer counts as one. */
	onChange(isHealthy: boolean, reason: string): void;
}

export class HealthCheck extends TimerEntry implements ProbeListener {
	private readonly options: HealthOptions;
	private readonly probe: Probe;
	private isHealthy = false;
	private hasAnswered = false;
	private isAsking = false;
	private isStopped = false;
	/** What the last failed check saw. */
	lastReason = 'not checked yet';

	constructor(options: HealthOptions) {
		super();
		this.options = options;
		const { dialer, path, authority } = options;
		this.probe =
			path === null
				? new TcpProbe(dialer)
				: new HttpProbe({ dialer, path, authority, from: 200, to: 299, keepsConnection: false });
	}

	start(): void {
		this.check();
	}

	/** For good. */
	stop(): void {
		this.isStopped = true;
		this.options.timers.disarm(this);
		this.probe.close();
	}

	/** Traffic could not reach the app, or failed too often: look now. */
	suspect(): void {
		if (this.isStopped || this.isAsking || !this.isHealthy) return;
		this.check();
	}

	override onTimer(): void {
		if (this.isAsking) this.onProbed(`${this.probe.cancel()} within ${ANSWER_MS} ms`);
		else this.check();
	}

	private check(): void {
		const { timers, path } = this.options;
		this.isAsking = true;
		// Without a path the dialer's own deadline is all there is.
		if (path === null) timers.disarm(this);
		else timers.arm(this, ANSWER_MS);
		this.probe.ask(this);
	}

	onProbed(failure: string | null): void {
		this.isAsking = false;
		const isHealthy = failure === null;
		const { timers, intervalMs, isDoubtful } = this.options;
		timers.arm(this, isHealthy && !isDoubtful() ? intervalMs : EAGER_MS);
		if (failure !== null) this.lastReason = failure;
		if (this.hasAnswered && isHealthy === this.isHealthy) return;
		this.hasAnswered = true;
		this.isHealthy = isHealthy;
		this.options.onChange(isHealthy, failure ?? '');
	}
}
