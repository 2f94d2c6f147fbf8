/**
 * Metrics of the endpoints of services: who is used, and how often one was left out for its failures.
 *
 * The state is read when somebody scrapes, so endpoints that have gone are no longer shown. There may be thousands of
 * them: past `maxSeries` those that are not used come first, and the rest is one series.
 */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import type { EjectionRecorder } from '../ports/telemetry.ts';
import type { EjectionCause } from '../resilience/outlier-detector.ts';
import { OTHER_LABEL } from './hot-family.ts';
import { ReadFamily, type ReadFamilyOptions, type ReadSample } from './read-family.ts';

/** An endpoint as the metrics see it. */
export interface EndpointView {
	readonly address: string;
	/** Takes requests: neither left out for its failures nor found unwell. */
	readonly isUsable: boolean;
}

const CAUSES: Readonly<Record<EjectionCause, true>> = { 'consecutive-errors': true, 'success-rate': true };
const STATE = 'outrigger_endpoint_state';
/** Endpoints looked at between two pauses: a microsecond each at most. */
const LOOKED_AT_A_SLICE = 2000;

export class EndpointMetrics implements EjectionRecorder {
	readonly name = STATE;
	maxSeries: number;
	/** Observations that were shown in the series of the rest. */
	dropped = 0;
	private readonly services = new Map<string, () => Iterable<EndpointView>>();
	private readonly ejections: Counter<'service' | 'reason'>;
	private readonly skipped: Counter<'service' | 'reason'>;
	private readonly panics: Gauge<'service'>;

	constructor(registry: Registry, maxSeries: number) {
		const registers = [registry];
		this.maxSeries = maxSeries;
		this.ejections = new Counter({
			name: 'outrigger_ejections_total',
			help: 'Endpoints left out for a while because their attempts failed, by what was seen.',
			labelNames: ['service', 'reason'],
			registers,
		});
		this.skipped = new Counter({
			name: 'outrigger_ejections_skipped_total',
			help: 'Endpoints that failed as badly and were not left out, by why not.',
			labelNames: ['service', 'reason'],
			registers,
		});
		this.panics = new Gauge({
			name: 'outrigger_service_panic',
			help: '1 while no endpoint of a service is well, so that all of them are used; 0 afterwards.',
			labelNames: ['service'],
			registers,
		});
		const state: ReadFamilyOptions = {
			name: STATE,
			help: 'Whether an endpoint takes requests: 1, or 0 while it is left out or unwell.',
			type: 'gauge',
			labelNames: ['service', 'endpoint'],
			read: () => this.states(),
		};
		new ReadFamily(state, registry);
	}

	ejected(service: string, reason: EjectionCause): void {
		this.ejections.inc({ service, reason });
	}

	ejectionSkipped(service: string, reason: 'cap'): void {
		this.skipped.inc({ service, reason });
	}

	panicked(service: string, isPanicking: boolean): void {
		this.panics.set({ service }, isPanicking ? 1 : 0);
	}

	watch(service: string, read: () => Iterable<EndpointView>): void {
		const isKnown = this.services.has(service);
		this.services.set(service, read);
		// A reload of a thousand services is no time to count nothing.
		if (isKnown) return;
		for (const reason of Object.keys(CAUSES)) this.ejections.inc({ service, reason }, 0);
		this.skipped.inc({ service, reason: 'cap' }, 0);
		this.panics.inc({ service }, 0);
	}

	/** The service has left the file. Its counters stay, as counters do. */
	unwatch(service: string): void {
		this.services.delete(service);
		this.panics.remove({ service });
	}

	private *states(): Generator<ReadSample | undefined> {
		/** By service and address: an address may be listed twice, and is used where one of the two is. */
		const shown = new Map<string, ReadSample>();
		let left = this.maxSeries;
		let isRestUsable = 1;
		let rest = 0;
		let seen = 0;
		for (const isUsable of [false, true]) {
			const state = isUsable ? 1 : 0;
			for (const [service, read] of this.services) {
				for (const { address, isUsable: is } of read()) {
					if (++seen % LOOKED_AT_A_SLICE === 0) yield undefined;
					if (is !== isUsable) continue;
					if (left-- > 0) shown.set(`${service} ${address}`, [[service, address], state]);
					else {
						rest++;
						isRestUsable = Math.min(isRestUsable, state);
					}
				}
			}
		}
		this.dropped += rest;
		yield* shown.values();
		if (rest > 0) yield [[OTHER_LABEL, OTHER_LABEL], isRestUsable];
	}
}
