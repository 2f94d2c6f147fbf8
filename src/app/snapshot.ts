/** Everything that is made of one file, whole, before any of it is in force. */
import type { LimiterGeneration } from '../filters/rate-limiters.ts';
import { Hedgings } from './hedgings.ts';
import type { ServiceEnvironment } from './service-parts.ts';
import { servicePorts } from './service-ports.ts';
import { Services } from './services.ts';
import { type BuiltSide, buildInbound, buildOutbound, type SideContext } from './side.ts';
import type { InSlices } from './slices.ts';
import type { Taken } from './taken.ts';
import type { Telemetry } from './telemetry.ts';

export interface Snapshot {
	readonly taken: Taken;
	readonly services: Services;
	readonly inbound: BuiltSide;
	/** `null`: the file has no port for calls. */
	readonly outbound: BuiltSide | null;
	/** What is obeyed on the ports of services, by the service. */
	readonly servicePorts: ReadonlyMap<string, SideContext>;
	readonly limiters: LimiterGeneration;
	readonly hedgings: Hedgings;
}

export interface SnapshotInput {
	readonly taken: Taken;
	readonly telemetry: Telemetry;
	readonly env: ServiceEnvironment;
	/** What is in force; what of it is unchanged lives on. */
	readonly before: Snapshot | null;
	/** See `AppService`. */
	onSuspect(): void;
}

/** Nothing of what is in force is touched. */
export function* buildSnapshot({ taken, telemetry, env, before, onSuspect }: SnapshotInput): InSlices<Snapshot> {
	const services = yield* Services.build(taken.config, env, onSuspect, before?.services ?? null);
	const limiters = env.rateLimiters.nextGeneration();
	const hedgings = new Hedgings(before?.hedgings ?? null);
	const { live, mirrorsUnderWay } = env;
	const parts = { taken, services, telemetry, limiters, hedgings, live, mirrorsUnderWay };
	const inbound = yield* buildInbound(parts);
	const outbound = yield* buildOutbound(parts);
	hedgings.complete();
	const ports = servicePorts(taken.config, services, outbound);
	yield* services.plan();
	return { taken, services, inbound, outbound, servicePorts: ports, limiters, hedgings };
}
