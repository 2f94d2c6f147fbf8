/**
 * Every service that the running file knows: the app, the entries of `services`, and what hosts outside of them become.
 *
 * A value, like the file: another version makes another registry, which takes over what is unchanged. Nothing of the
 * running one is touched before `takeOver`, so that a file that is refused has changed nothing.
 */
import type { BackendTarget, Config } from '../config/config.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import type { BoundAddress } from '../ports/control.ts';
import { Backend } from '../proxy/backend.ts';
import type { Destinations } from '../proxy/context.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { hostPort } from '../upstream/dial-target.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { APP_SERVICE, AppService } from './app-service.ts';
import { closingOthers } from './closing.ts';
import { HostDestinations } from './host-destinations.ts';
import { NamedService } from './named-service.ts';
import { isSame } from './restart-only.ts';
import type { ServiceEnvironment } from './service-parts.ts';
import type { InSlices } from './slices.ts';
import { PASSTHROUGH_SERVICE, UnknownHosts } from './unknown-hosts.ts';

/** Endpoints looked at between two pauses: some 10 µs each. */
const ENDPOINTS_A_SLICE = 100;

export class Services {
	readonly app: AppService;
	private readonly named = new Map<string, NamedService>();
	/** `null`: they are refused. */
	private readonly unknown: UnknownHosts | null;

	private constructor(app: AppService, unknown: UnknownHosts | null) {
		this.app = app;
		this.unknown = unknown;
	}

	/** `before`: those of the running file. `onSuspect`: see `AppService`. */
	static *build(
		config: Config,
		env: ServiceEnvironment,
		onSuspect: () => void,
		before: Services | null,
	): InSlices<Services> {
		const isSameApp = before !== null && isSame(before.app.policy, config.inbound.service);
		const app = isSameApp ? before.app : new AppService(config, env, onSuspect);
		const passes = config.outbound?.unknownHosts === 'passthrough';
		const services = new Services(app, passes ? (before?.unknown ?? new UnknownHosts(env)) : null);
		let work = 0;
		for (const entry of config.services) {
			const running = before?.named.get(entry.name) ?? null;
			const isUnchanged = running !== null && (yield* areSame(entry, running.config));
			services.named.set(entry.name, isUnchanged ? running : yield* NamedService.build(entry, env, running));
			work += 1 + entry.endpoints.length;
			if (work < ENDPOINTS_A_SLICE) continue;
			work = 0;
			yield;
		}
		return services;
	}

	backendOf({ label, service, subset, port, invalid }: BackendTarget): Backend {
		if (invalid !== '') return Backend.nowhere(label, invalid);
		if (service === APP_SERVICE) {
			return new Backend({ label, service: this.app.service, invalid: '', group: this.app.group });
		}
		return this.named.get(service)?.backend(label, subset, port) ?? Backend.nowhere(label, 'names no service');
	}

	/** Where requests go that no rule sends anywhere. */
	*destinations(): InSlices<Destinations> {
		const destinations = new HostDestinations(this.unknown);
		let work = 0;
		for (const service of this.named.values()) {
			work += destinations.add(service);
			if (work < ENDPOINTS_A_SLICE) continue;
			work = 0;
			yield;
		}
		return destinations;
	}

	/**
	 * From now on these are the services. What is left to be done, whenever there is time: to close the idle connections that
	 * the running ones have and these have not.
	 */
	takeOver(before: Services | null, metrics: Metrics): InSlices<void> {
		if (this.app !== before?.app) this.app.watch(metrics);
		for (const [name, entry] of this.named) {
			const running = before?.named.get(name) ?? null;
			if (entry !== running) entry.takeOver(running);
		}
		if (this.unknown !== null && this.unknown !== before?.unknown) this.unknown.watch(metrics);
		if (before === null) return closingOthers([], []);
		for (const [name, entry] of before.named) {
			if (this.named.has(name)) continue;
			entry.release();
			metrics.unwatch(name);
		}
		if (this.unknown === null && before.unknown !== null) metrics.unwatch(PASSTHROUGH_SERVICE);
		return closingOthers(before.pools(), this.pools());
	}

	/** Names of services whose endpoints nobody has told yet. */
	undiscovered(): string[] {
		return [...this.named].filter(([, { isDiscovered }]) => !isDiscovered).map(([name]) => name);
	}

	private pools(): Http1Pool[] {
		const named = [...this.named.values()].flatMap(({ pools }) => pools);
		return [this.app.pool, ...named, ...(this.unknown?.pools ?? [])];
	}

	/** What `/services` shows, one service at a time. `ports`: of those that have one of their own. */
	*describe(
		isHealthy: boolean,
		lastFailure: string,
		ports: ReadonlyMap<string, BoundAddress>,
	): Generator<[string, unknown]> {
		yield [APP_SERVICE, this.app.describe(isHealthy, lastFailure)];
		for (const [name, entry] of this.named) {
			const port = ports.get(name);
			const listen = port === undefined ? {} : { listen: hostPort(port.address, port.port) };
			yield [name, { ...listen, ...entry.describe() }];
		}
		if (this.unknown !== null) yield [PASSTHROUGH_SERVICE, this.unknown.describe()];
	}

	/** Closes idle connections; busy ones end with their exchanges. */
	close(): void {
		for (const entry of this.named.values()) entry.release();
		for (const pool of this.pools()) pool.close();
	}
}

/** Whether two entries say the same of a service; where they stand in the file is nothing of it. */
function* areSame(a: ServiceConfig, b: ServiceConfig): InSlices<boolean> {
	if (a.endpoints.length !== b.endpoints.length) return false;
	if (!isSame({ ...a, at: null, endpoints: [] }, { ...b, at: null, endpoints: [] })) return false;
	for (let from = 0; from < a.endpoints.length; from += ENDPOINTS_A_SLICE) {
		const to = from + ENDPOINTS_A_SLICE;
		if (!isSame(a.endpoints.slice(from, to), b.endpoints.slice(from, to))) return false;
		if (to < a.endpoints.length) yield;
	}
	return true;
}
