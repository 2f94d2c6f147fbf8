/** The ports by which the app calls others: the outbound one, and those of single services. */
import type { BoundAddress } from '../ports/control.ts';
import { drainListener } from './drain.ts';
import { Front, type FrontOptions } from './front.ts';
import type { SideContext } from './side.ts';
import type { Snapshot } from './snapshot.ts';

interface CallPort {
	readonly front: Front;
	/** What is obeyed there; `null`: a file that a reload refuses. */
	contextIn(snapshot: Snapshot): SideContext | null;
	onBound(bound: BoundAddress): void;
}

export class CallPorts {
	private readonly ports: CallPort[] = [];
	private readonly telemetry: FrontOptions['telemetry'];
	/** `null`: the file has no `outbound`. */
	outbound: BoundAddress | null = null;
	/** By the names of the services. */
	readonly services = new Map<string, BoundAddress>();

	/** Of the file that the sidecar was started with: which ports there are takes a restart. */
	constructor(common: Pick<FrontOptions, 'config' | 'telemetry' | 'env' | 'acceptsShared'>) {
		const { config, telemetry } = common;
		this.telemetry = telemetry;
		// The app may call others before it listens itself.
		const options = { ...common, isRaw: false, isHolding: false, tls: () => null };
		if (config.outbound !== null) {
			this.ports.push({
				front: new Front({ ...options, key: 'outbound.listen', listen: config.outbound.listen }),
				contextIn: ({ outbound }) => outbound?.context ?? null,
				onBound: (bound) => {
					this.outbound = bound;
				},
			});
		}
		for (const { name, listen } of config.services) {
			if (listen === null) continue;
			this.ports.push({
				front: new Front({ ...options, key: `services.${name}.listen`, listen }),
				contextIn: ({ servicePorts }) => servicePorts.get(name) ?? null,
				onBound: (bound) => this.services.set(name, bound),
			});
		}
	}

	get isEmpty(): boolean {
		return this.ports.length === 0;
	}

	/** Binds them all. Rejects with a `BindError` at the first that cannot be; those before it stay bound until `stop`. */
	async start(snapshot: Snapshot): Promise<void> {
		for (const { front, contextIn, onBound } of this.ports) {
			const context = contextIn(snapshot);
			if (context !== null) onBound(await front.start(context, null));
		}
	}

	/** From now on requests find what this one says; those under way keep theirs. */
	obey(snapshot: Snapshot): void {
		for (const { front, contextIn } of this.ports) {
			const context = contextIn(snapshot);
			if (context !== null) front.obey(context, null);
		}
	}

	/** See `drainListener`: the time is one for all. */
	async drain(atMostMs: number): Promise<void> {
		await Promise.all(this.ports.map(({ front }) => drainListener(front.listener, atMostMs, this.telemetry)));
	}

	/** Ends everything at once. */
	async stop(): Promise<void> {
		await Promise.all(this.ports.map(({ front }) => front.stop()));
	}
}
