/** Metrics of hedges: attempts made beside one that takes long. A few of a hundred requests, so prom-client's classes do. */
import Counter from 'prom-client/lib/counter.js';
import type Registry from 'prom-client/lib/registry.js';
import type { HedgeOutcome, HedgeSkipReason } from '../ports/telemetry.ts';

/** Complete by its type. */
const SKIP_REASONS: Readonly<Record<HedgeSkipReason, true>> = {
	samples: true,
	response_started: true,
	max: true,
	method: true,
	body: true,
	session: true,
	no_endpoint: true,
	budget: true,
	circuit_open: true,
};

export class HedgeMetrics {
	private readonly hedges: Counter<'service' | 'outcome'>;
	private readonly skipped: Counter<'reason'>;

	constructor(registry: Registry) {
		const registers = [registry];
		this.hedges = new Counter({
			name: 'outrigger_hedges_total',
			help: 'Attempts made beside another that took long, by what became of them.',
			labelNames: ['service', 'outcome'],
			registers,
		});
		this.skipped = new Counter({
			name: 'outrigger_hedges_skipped_total',
			help: 'Hedges that were not made, by why not.',
			labelNames: ['reason'],
			registers,
		});
		for (const reason of Object.keys(SKIP_REASONS)) this.skipped.inc({ reason }, 0);
	}

	hedged(service: string, outcome: HedgeOutcome): void {
		this.hedges.inc({ service, outcome });
	}

	hedgeSkipped(reason: HedgeSkipReason): void {
		this.skipped.inc({ reason });
	}
}
