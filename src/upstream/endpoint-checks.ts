/**
 * The health checks of one service: asks each of its endpoints at an interval, and says when one is well or not any more.
 *
 * Theory of operation. An endpoint has one timer: the wait for its next check, and during a check its deadline. Waits vary
 * by a tenth, so that many sidecars (and many endpoints) do not ask in step; first checks come at once, or spread over a
 * time that grows with their number. A check that is due waits for a place in the gate, which all services share.
 *
 * Before its first answer an endpoint takes requests only while no endpoint is known to be well. So a service that has just
 * come up is called at once, and an endpoint that joins those that are well must have answered first (Envoy holds back
 * both: it waits with the whole service until each endpoint has been asked).
 */
import { type Random, TimerEntry } from '../clock.ts';
import type { Log } from '../ports/log.ts';
import type { HealthRecorder } from '../ports/telemetry.ts';
import { HealthThreshold } from '../resilience/health-threshold.ts';
import type { CheckGate, GateTurn } from './check-gate.ts';
import { buildProbe, type ProbedEndpoint, type ProbeEnvironment } from './endpoint-probe.ts';
import type { Probe, ProbeListener } from './probe.ts';

/** Milliseconds between first checks, on average: 1000 endpoints are asked within 5 s, ten at once as far as anybody sees. */
const FIRST_CHECK_SPACING_MS = 5;
/** Share of the interval by which a wait is longer or shorter at most. */
const JITTER = 0.1;

export interface EndpointChecksOptions extends ProbeEnvironment {
	readonly random: Random;
	readonly gate: CheckGate;
	readonly recorder: HealthRecorder;
	readonly log: Log;
	/**
	 * An endpoint is known to be well, or not, from now on; the first answer counts as a change. `reason`: `''` when it is. One
	 * that is well again may have been left out for failed requests, too: that is over (`Ejector.pardon`). Unlike in Envoy, not
	 * at each passed check: what only fails real requests would never be left out.
	 */
	onChange(address: string, isHealthy: boolean, reason: string): void;
}

export class EndpointChecks {
	readonly options: EndpointChecksOptions;
	private readonly build: typeof buildProbe;
	private readonly checks = new Map<string, EndpointCheck>();
	/** Endpoints that have not been asked yet. */
	private unasked = 0;
	private well = 0;

	/** `build`: other probes than those of the policy, for tests. */
	constructor(options: EndpointChecksOptions, build = buildProbe) {
		this.options = options;
		this.build = build;
	}

	/** Of the endpoints that are asked. */
	get addresses(): Iterable<string> {
		return this.checks.keys();
	}

	/** `presumed`: whether it takes requests before its first answer, where somebody knows better (the checks before these). */
	add(endpoint: ProbedEndpoint, presumed: boolean = this.well === 0): void {
		if (this.checks.has(endpoint.address)) return;
		const check = new EndpointCheck(this, endpoint, this.build(this.options, endpoint), presumed);
		this.checks.set(endpoint.address, check);
		const spread = Math.min(this.options.policy.interval, this.unasked * FIRST_CHECK_SPACING_MS);
		this.unasked++;
		check.start(spread * this.options.random.next());
	}

	/** The endpoint has gone: nobody hears of it any more. */
	remove(address: string): void {
		const check = this.checks.get(address);
		if (check === undefined) return;
		this.checks.delete(address);
		if (!check.hasBeenAsked) this.unasked--;
		if (check.isHealthy === true) this.well--;
		check.stop();
	}

	stop(): void {
		for (const address of [...this.checks.keys()]) this.remove(address);
	}

	/** Whether it may take requests. True for one that is not checked. */
	isUsable(address: string): boolean {
		const check = this.checks.get(address);
		return check?.isHealthy ?? check?.presumed ?? true;
	}

	/** What the last check that failed saw; `''`: none has. */
	lastFailure(address: string): string {
		return this.checks.get(address)?.lastFailure ?? '';
	}

	/** Its first check begins. */
	asked(): void {
		this.unasked--;
	}

	settled(check: EndpointCheck, failure: string | null): void {
		const { service, recorder, onChange } = this.options;
		recorder.healthChecked(service.name, failure === null ? 'passed' : 'failed');
		const wasWell = check.isHealthy === true;
		const { address } = check.endpoint;
		if (!check.judge(failure === null)) return;
		const isHealthy = failure === null;
		this.well += Number(isHealthy) - Number(wasWell);
		this.tell(check, failure);
		onChange(address, isHealthy, failure ?? '');
	}

	/** That an endpoint is well from the start is no news. */
	private tell(check: EndpointCheck, failure: string | null): void {
		const { service, log } = this.options;
		const fields = { service: service.name, endpoint: check.endpoint.address };
		if (failure !== null) {
			check.hasBeenUnwell = true;
			log.warn({ ...fields, reason: failure }, 'an endpoint fails its health checks');
		} else if (check.hasBeenUnwell) log.info(fields, 'an endpoint passes its health checks again');
	}
}

/** One endpoint. */
class EndpointCheck extends TimerEntry implements ProbeListener, GateTurn {
	readonly endpoint: ProbedEndpoint;
	/** Whether it takes requests before its first answer. */
	readonly presumed: boolean;
	hasBeenAsked = false;
	hasBeenUnwell = false;
	lastFailure = '';
	private readonly owner: EndpointChecks;
	private readonly threshold: HealthThreshold;
	private readonly probe: Probe;
	private isAsking = false;
	private isStopped = false;

	constructor(owner: EndpointChecks, endpoint: ProbedEndpoint, probe: Probe, presumed: boolean) {
		super();
		this.owner = owner;
		this.endpoint = endpoint;
		this.presumed = presumed;
		this.threshold = new HealthThreshold(owner.options.policy);
		this.probe = probe;
	}

	/** `null` before the first answer. */
	get isHealthy(): boolean | null {
		return this.threshold.isHealthy;
	}

	/** Whether this check has changed that. */
	judge(isPassed: boolean): boolean {
		return this.threshold.checked(isPassed) !== null;
	}

	start(delayMs: number): void {
		this.owner.options.timers.arm(this, delayMs);
	}

	stop(): void {
		const { timers, gate } = this.owner.options;
		this.isStopped = true;
		timers.disarm(this);
		this.probe.close();
		if (this.isAsking) gate.leave();
		else gate.forget(this);
	}

	override onTimer(): void {
		const { policy, gate } = this.owner.options;
		if (this.isAsking) this.onProbed(`${this.probe.cancel()} within ${policy.timeout} ms`);
		else if (gate.enter(this)) this.onTurn();
	}

	onTurn(): void {
		const { policy, timers } = this.owner.options;
		this.isAsking = true;
		if (!this.hasBeenAsked) {
			this.hasBeenAsked = true;
			this.owner.asked();
		}
		this.probe.ask(this);
		// After the dialer's own, which is as long and knows more.
		timers.arm(this, policy.timeout);
	}

	onProbed(failure: string | null): void {
		const { policy, timers, random, gate } = this.owner.options;
		if (this.isStopped) return;
		this.isAsking = false;
		timers.arm(this, policy.interval * (1 + JITTER * (2 * random.next() - 1)));
		if (failure !== null) this.lastFailure = failure;
		this.owner.settled(this, failure);
		gate.leave();
	}
}
