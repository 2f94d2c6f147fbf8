/**
 * Leaves endpoints of one service out for a while: hears how each attempt ended, and tells whoever chooses among them.
 *
 * Theory of operation. The decisions are the detector's. One timer is armed for the time at which it may change its mind;
 * without failures it is not armed at all. What counts is what speaks for or against the endpoint: a failure of the kinds
 * that the breaker knows, or a whole response, where any 5xx is an error (as Envoy's consecutive_5xx). Limits of our own, an
 * open circuit and clients that leave say nothing about it.
 */
import { type Clock, TimerEntry, type Timers } from '../clock.ts';
import type { OutlierDetection } from '../config/service-config.ts';
import type { ErrorCode } from '../error.ts';
import type { Log } from '../ports/log.ts';
import type { EjectionRecorder } from '../ports/telemetry.ts';
import { failureKind } from '../resilience/failure-kind.ts';
import { type EjectionChange, OutlierDetector } from '../resilience/outlier-detector.ts';
import type { Endpoint } from './endpoint.ts';

export interface EjectorOptions {
	/** Name of the service, for logs and metrics. */
	readonly service: string;
	readonly policy: OutlierDetection;
	readonly clock: Clock;
	readonly timers: Timers;
	readonly log: Log;
	readonly recorder: EjectionRecorder;
	/** Other endpoints may be used now than before; called once for all that have changed together. */
	onChange(): void;
}

export class Ejector extends TimerEntry {
	private readonly options: EjectorOptions;
	private readonly detector: OutlierDetector<Endpoint>;
	/** Clock time for which the timer is armed; Infinity when it is not. */
	private wakesAt = Number.POSITIVE_INFINITY;
	/** The log knows that as many as may be are out. */
	private isCapTold = false;

	/** It knows of no endpoint until `follow`. */
	constructor(options: EjectorOptions) {
		super();
		this.options = options;
		this.detector = new OutlierDetector(options.policy);
	}

	/**
	 * These are all endpoints of the service from now on. Those that were out stay so, as far as the cap allows. Pauses as
	 * `OutlierDetector.resizeInSlices` does.
	 */
	*follow(endpoints: readonly Endpoint[], now: number): Generator<undefined, void, undefined> {
		this.tell(yield* this.detector.resizeInSlices(endpoints, now), now);
		this.wake();
	}

	/** An attempt is over; once for each that began. `code` is `''` when a whole response came, with this status. */
	settled(endpoint: Endpoint, code: ErrorCode | '', status: number, now: number): void {
		if (code === '' && status < 500) return this.detector.succeed(endpoint, now);
		if (code !== '' && failureKind(code) === undefined) return;
		const verdict = this.detector.fail(endpoint, now);
		if (verdict !== null) this.tell([verdict], now);
		this.wake();
	}

	/** Its health checks have found it well again. */
	pardon(endpoint: Endpoint, now: number): void {
		const change = this.detector.pardon(endpoint, now);
		if (change !== null) this.tell([change], now);
	}

	override onTimer(): void {
		const now = this.options.clock.now();
		this.wakesAt = Number.POSITIVE_INFINITY;
		this.tell(this.detector.sweep(now), now);
		this.wake();
	}

	/**
	 * The service is no more, or has another policy: nothing is decided from now on, whoever still reports. Who is out comes
	 * back, unless another ejector follows the endpoint already. `onChange` is not called.
	 */
	stop(): void {
		this.detector.release(this.options.clock.now());
		this.options.timers.disarm(this);
	}

	/** The timer is only ever moved nearer: one that has nothing left to do wakes once in vain. */
	private wake(): void {
		const { nextChangeAt } = this.detector;
		if (nextChangeAt >= this.wakesAt) return;
		this.wakesAt = nextChangeAt;
		this.options.timers.armAt(this, nextChangeAt);
	}

	private tell(changes: readonly EjectionChange<Endpoint>[], now: number): void {
		const { service, clock, log, recorder } = this.options;
		let isAnyMoved = false;
		for (const change of changes) {
			const { reason } = change;
			const fields = { service, endpoint: change.endpoint.address, reason };
			if (change.is === 'kept') {
				recorder.ejectionSkipped(service, change.reason);
				this.tellCap({ ...fields, cause: change.cause });
				continue;
			}
			isAnyMoved = true;
			if (change.is === 'ejected') {
				recorder.ejected(service, change.reason);
				const until = new Date(clock.wall() + change.until - now).toISOString();
				log.warn({ ...fields, until }, 'an endpoint fails and is left out');
			} else {
				this.isCapTold = false;
				log.info(fields, 'an endpoint is used again');
			}
		}
		if (isAnyMoved) this.options.onChange();
	}

	/** Once until somebody comes back: when all endpoints fail, they do so all the time. */
	private tellCap(fields: Record<string, unknown>): void {
		if (this.isCapTold) return;
		this.isCapTold = true;
		const message = 'an endpoint fails and is kept: as many are left out as outlierDetection.maxEjectionPercent allows';
		this.options.log.warn(fields, message);
	}
}
