/** Everything that is made of one file, whole, before any of it is in force. */
import { breathe } from '../io/breathe.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { ServiceEnvironment } from './service-parts.ts';
import { Services } from './services.ts';
import { type BuiltSide, buildInbound, buildOutbound, type InSlices } from './side.ts';
import type { Taken } from './taken.ts';
import type { Telemetry } from './telemetry.ts';

export interface Snapshot {
	readonly taken: Taken;
	readonly services: Services;
	readonly inbound: BuiltSide;
	/** `null`: the file has no outbound side. */
	readonly outbound: BuiltSide | null;
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

/** At once, for the start. */
export function buildSnapshot(input: SnapshotInput): Snapshot {
	const slices = inSlices(input);
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

/** Lets the event loop turn in between: requests are being served. */
export async function buildSnapshotCalmly(input: SnapshotInput): Promise<Snapshot> {
	const slices = inSlices(input);
	for (;;) {
		loopClock.refresh();
		const slice = slices.next();
		if (slice.done === true) return slice.value;
		await breathe();
	}
}

function* inSlices({ taken, telemetry, env, before, onSuspect }: SnapshotInput): InSlices<Snapshot> {
	const services = new Services(taken.config, env, onSuspect, before?.services ?? null);
	const inbound = yield* buildInbound(taken, services, telemetry);
	const outbound = yield* buildOutbound(taken, services, telemetry);
	return { taken, services, inbound, outbound };
}
