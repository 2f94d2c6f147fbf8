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
import { HostDestinations } from './host-destinations.ts';
import { NamedService } from './named-service.ts';
import { isSame } from './restart-only.ts';
import { closeUnused, type ServiceEnvironment } from './service-parts.ts';
import { atOnce, calmly, type InSlices } from './slices.ts';
import { PASSTHROUGH_SERVICE, UnknownHosts } from './unknown-hosts.ts';

/** Endpoints looked at between two pauses: some 10 µs each. */
const ENDPOINTS_A_SLICE = 100;
/** Endpoints compared between two pauses: a microsecond each. */
const COMPARED_A_SLICE = 1000;

/** Services that take over between two pauses: some 10 µs each. */
const TAKEN_A_SLICE = 100;

export class Services {
	readonly app: AppService;
	private readonly named = new Map<string, NamedService>();
	/** `null`: they are refused. */
	private readonly unknown: UnknownHosts | null;
	/** What is left of `takeOver`; `null`: nothing. */
	private taking: InSlices<void> | null = null;

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
			const isUnchanged = running !== null && (yield* isSameEntry(entry, running.config));
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
	 * From now on these are the services. What the running ones have and these have not closes its idle connections. Where
	 * hundreds have changed, those beyond the first take over little by little; requests find the new ones already.
	 */
	takeOver(before: Services | null, metrics: Metrics): void {
		before?.settle();
		this.taking = this.takeOverInSlices(before, metrics);
		if (before === null) this.settle();
		else void calmly(this.untilSettled());
	}

	/** Does at once what is left of `takeOver`: other services are about to take over from these, or all is over. */
	private settle(): void {
		atOnce(this.untilSettled());
	}

	private *untilSettled(): InSlices<void> {
		while (this.taking !== null) {
			if (this.taking.next().done === true) this.taking = null;
			else yield;
		}
	}

	private *takeOverInSlices(before: Services | null, metrics: Metrics): InSlices<void> {
		if (this.app !== before?.app) this.app.watch(metrics);
		let taken = 0;
		for (const [name, entry] of this.named) {
			const running = before?.named.get(name) ?? null;
			if (entry === running) continue;
			entry.takeOver(running);
			if (++taken % TAKEN_A_SLICE === 0) yield;
		}
		if (this.unknown !== null && this.unknown !== before?.unknown) this.unknown.watch(metrics);
		if (before === null) return;
		for (const [name, entry] of before.named) {
			if (this.named.has(name)) continue;
			entry.release();
			metrics.unwatch(name);
			if (++taken % TAKEN_A_SLICE === 0) yield;
		}
		if (this.unknown === null && before.unknown !== null) metrics.unwatch(PASSTHROUGH_SERVICE);
		void calmly(closeUnused(before.poolsBeside(this), this.poolsBeside(before)));
	}

	/** Of services that the other does not have as they are. */
	private *poolsBeside(other: Services): Generator<Http1Pool> {
		if (this.app !== other.app) yield this.app.pool;
		for (const [name, service] of this.named) {
			if (other.named.get(name) === service) continue;
			yield* service.pools;
		}
		if (this.unknown !== null && this.unknown !== other.unknown) yield* this.unknown.pools;
	}

	/** What choosing among endpoints needs: to be called when all that refers to a service is there. */
	*plan(): InSlices<void> {
		for (const service of this.named.values()) yield* service.plan();
		// To take all over is enough for one turn of the event loop.
		yield;
	}

	/** Names of services whose endpoints nobody has told yet. */
	undiscovered(): string[] {
		return [...this.named].filter(([, { isDiscovered }]) => !isDiscovered).map(([name]) => name);
	}

	private pools(): Http1Pool[] {
		const named = [...this.named.values()].flatMap(({ pools }) => [...pools]);
		return [this.app.pool, ...named, ...(this.unknown?.pools ?? [])];
	}

	/** What `/services` shows, one service at a time, with pauses. `ports`: of those that have one of their own. */
	*describe(
		isHealthy: boolean,
		lastFailure: string,
		ports: ReadonlyMap<string, BoundAddress>,
	): Generator<[string, unknown] | undefined> {
		yield [APP_SERVICE, this.app.describe(isHealthy, lastFailure)];
		for (const [name, entry] of this.named) {
			const port = ports.get(name);
			const listen = port === undefined ? {} : { listen: hostPort(port.address, port.port) };
			yield [name, { ...listen, ...(yield* entry.describe()) }];
		}
		if (this.unknown !== null) yield [PASSTHROUGH_SERVICE, this.unknown.describe()];
	}

	/** Closes idle connections; busy ones end with their exchanges. */
	close(): void {
		this.settle();
		for (const entry of this.named.values()) entry.release();
		for (const pool of this.pools()) pool.close();
	}
}

/** Whether an entry means the same as the running one: where it stands in the file says nothing about the service. */
function* isSameEntry(entry: ServiceConfig, running: ServiceConfig): InSlices<boolean> {
	if (entry.endpoints.length !== running.endpoints.length) return false;
	if (!isSame(withoutLists(entry), withoutLists(running))) return false;
	for (let from = 0; from < entry.endpoints.length; from += COMPARED_A_SLICE) {
		if (from > 0) yield;
		const to = from + COMPARED_A_SLICE;
		if (!isSame(entry.endpoints.slice(from, to), running.endpoints.slice(from, to))) return false;
	}
	return true;
}

function withoutLists(entry: ServiceConfig): unknown {
	return { ...entry, at: null, endpoints: null };
}
