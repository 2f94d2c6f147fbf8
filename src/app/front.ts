/** A side's bound port, and the rules in force behind it. */
import type { Config } from '../config/config.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { InboundTls } from '../io/secure.ts';
import { systemRandom } from '../io/system.ts';
import { Listener } from '../listener/listener.ts';
import type { BoundAddress } from '../ports/control.ts';
import type { Endpoint } from '../proxy/endpoint.ts';
import { Forwarder } from '../proxy/forward.ts';
import { bind } from './bind.ts';
import { CurrentHandler } from './current-handler.ts';
import type { ServiceEnvironment } from './service-parts.ts';
import type { SideContext } from './side.ts';
import type { Telemetry } from './telemetry.ts';

export interface FrontOptions {
	/** Of the file, for what is said when it cannot be bound. */
	readonly key: string;
	readonly listen: ListenAddress;
	/** Of the file that the sidecar was started with: none of what is read here changes without a restart. */
	readonly config: Config;
	readonly telemetry: Telemetry;
	readonly env: ServiceEnvironment;
	readonly acceptsShared: boolean;
	/** Bytes are opaque from the first one. */
	readonly isRaw: boolean;
	/** Connections wait until `release` says that the app listens. */
	readonly isHolding: boolean;
	/** See `ListenerOptions`. */
	tls(): InboundTls | null;
}

export class Front {
	readonly listener: Listener;
	private readonly options: FrontOptions;
	private readonly handler = new CurrentHandler();
	private port = 0;

	constructor(options: FrontOptions) {
		const { config, listen, telemetry, env, acceptsShared, isRaw, isHolding, tls } = options;
		const { limits } = config;
		this.options = options;
		this.listener = new Listener({
			...listen,
			handler: this.handler,
			timers: telemetry.timers,
			clock: loopClock,
			random: systemRandom,
			log: telemetry.log,
			headLimits: env.headLimits,
			maxConnections: limits.connections,
			idleMs: limits.idle,
			headTimeoutMs: limits.headTimeout,
			isRaw,
			isHolding,
			hold: limits.hold,
			holdForMs: limits.holdFor,
			acceptsShared,
			onRefused: () => telemetry.recorder.refused('overloaded'),
			tls,
			onHandshake: (result) => telemetry.metrics.tls.handshook('inbound', result),
			onPlaintext: () => telemetry.metrics.tls.tookPlaintext(),
		});
	}

	/** Binds. Rejects with a `BindError`. The rest as in `obey`. */
	async start(context: SideContext, opaque: Endpoint | null): Promise<BoundAddress> {
		const { key, listen, env } = this.options;
		const bound = await bind(key, listen, () => this.listener.start());
		env.ownListeners.add(bound);
		this.port = bound.port;
		this.obey(context, opaque);
		return bound;
	}

	/** From now on requests find these rules; those under way keep theirs. `opaque`: where opaque connections go. */
	obey(context: SideContext, opaque: Endpoint | null): void {
		this.handler.current = new Forwarder({ ...context, listenerPort: this.port }, opaque);
	}

	/** Ends everything at once. */
	async stop(): Promise<void> {
		if (this.port === 0) return;
		const drained = this.listener.drain();
		this.listener.closeNow();
		await drained;
	}
}
