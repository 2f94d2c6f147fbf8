/**
 * Requests that authorization refuses, or would, by route. A flood of them is somebody's to make, so a slot is looked up by
 * side and route and nothing else is done.
 */
import type Registry from 'prom-client/lib/registry.js';
import type { Side } from '../config/config.ts';
import type { ExchangeRecord } from '../ports/telemetry.ts';
import { HotCounter, OVERFLOW_SLOT } from './hot-family.ts';

export class AuthorizationMetrics {
	readonly family: HotCounter;
	/** By side, dry run and route. */
	private readonly slots = new Map<string, number>();

	constructor(registry: Registry, maxSeries: number) {
		this.family = new HotCounter({
			name: 'outrigger_authorization_denied_total',
			help: 'Requests that authorization has refused, or would have but for dryRun.',
			labelNames: ['side', 'route', 'dry_run'],
			maxSeries,
		});
		this.family.register(registry);
	}

	/** `route`: the label of its route. */
	ended({ side, deniedBy, wouldBeDeniedBy }: ExchangeRecord, route: string): void {
		if (deniedBy !== '') this.denied(side, route, false);
		if (wouldBeDeniedBy !== '') this.denied(side, route, true);
	}

	denied(side: Side, route: string, isDryRun: boolean): void {
		const key = `${side} ${isDryRun} ${route}`;
		let slot = this.slots.get(key);
		if (slot === undefined) {
			slot = this.family.intern({ side, route, dry_run: String(isDryRun) });
			// The overflow is not remembered: a reload may raise the cap.
			if (slot !== OVERFLOW_SLOT) this.slots.set(key, slot);
		}
		this.family.add(slot, 1);
	}
}
