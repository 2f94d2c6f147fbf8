/**
 * An entry of `services` that is called.
 *
 * Theory of operation. A value, as far as the file goes: another version of the entry makes another one. What they have in
 * common lives on in it: the core (breaker, budget, requests under way) as long as the policy is the same, the members that
 * are still listed with their connections, and the sources that are still named. Nothing of the running one is touched
 * before `takeOver`.
 *
 * Where endpoints come from a source, the members are replaced whole each time that it has another list: built beside the
 * running ones in slices, then given to each group by one assignment. Attempts under way end at the endpoints that they
 * have.
 */
import { TimerEntry } from '../clock.ts';
import type { EndpointSource, ServiceConfig } from '../config/service-config.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Backend } from '../proxy/backend.ts';
import { EndpointGroup } from '../proxy/endpoint-group.ts';
import type { Service } from '../proxy/service.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { closingOthers } from './closing.ts';
import { LongList } from './json-pieces.ts';
import { LiveSource, type SourceOwner } from './live-source.ts';
import { type Member, membersOf } from './members.ts';
import { isSame } from './restart-only.ts';
import { ServiceCore } from './service-core.ts';
import { describeService, type ServiceEnvironment, sumOfCounts, watchService } from './service-parts.ts';
import { atOnce, calmly, calmlyUntil, type InSlices } from './slices.ts';

/** Shares of slow starters are looked at this many times until they are full. */
const WARMING_STEPS = 20;
const MIN_WARMING_STEP_MS = 100;

/** Members by the subset that their source is for; `''`: the service itself. */
type Membership = ReadonlyMap<string, readonly Member[]>;

interface Destination {
	readonly backend: Backend;
	readonly group: EndpointGroup;
	select(): readonly Member[];
}

export class NamedService extends TimerEntry implements SourceOwner {
	readonly config: ServiceConfig;
	private readonly env: ServiceEnvironment;
	private readonly core: ServiceCore;
	private readonly sources: readonly LiveSource[];
	private membership: Membership;
	/** By label, subset and port: each is made once, however many rules refer to it. */
	private readonly destinations = new Map<string, Destination>();
	/** Of the sources, together, as of the members. */
	private version: number;
	/** Of the core, before the first group was made. */
	private readonly coreChanges: number;
	private isPanicking = false;
	private isUpdating = false;
	private isReleased = false;

	private constructor(
		config: ServiceConfig,
		env: ServiceEnvironment,
		core: ServiceCore,
		sources: readonly LiveSource[],
	) {
		super();
		this.config = config;
		this.env = env;
		this.core = core;
		this.sources = sources;
		this.membership = new Map();
		this.version = versionOf(sources);
		this.coreChanges = core.changes;
	}

	/** `before`: the entry of the same name in the running file. It stays as it is. */
	static *build(config: ServiceConfig, env: ServiceEnvironment, before: NamedService | null): InSlices<NamedService> {
		const same = before !== null && isSame(before.config.policy, config.policy) ? before : null;
		const core = same?.core ?? new ServiceCore(config, env);
		const sources = sourcesOf(config).map(
			([subset, source]) =>
				before?.sources.find((each) => each.subset === subset && isSame(each.source, source)) ??
				// A service that changes its source keeps its endpoints until the new one knows better.
				new LiveSource(subset, source, env.watchOf(source, config.name), before?.configsOf(subset) ?? []),
		);
		const service = new NamedService(config, env, core, sources);
		const foundAt = before === null ? Number.NEGATIVE_INFINITY : loopClock.now();
		service.membership = yield* service.membersNow(same?.membership ?? new Map(), foundAt);
		return service;
	}

	get service(): Service {
		return this.core.service;
	}

	get pools(): readonly Http1Pool[] {
		return this.members.map(({ pool }) => pool);
	}

	private configsOf(subset: string): ServiceConfig['endpoints'] {
		return (this.membership.get(subset) ?? []).map(({ config }) => config);
	}

	private get members(): readonly Member[] {
		return [...this.membership.values()].flat();
	}

	// --- a version of the file -----------------------------------------------------------------------------------

	/** From now on the service is this one. `before`: see `build`. */
	takeOver(before: NamedService | null): void {
		const { env, core } = this;
		const { metrics } = env;
		if (before !== null) this.relieve(before);
		core.onChange = () => this.refresh();
		atOnce(core.follow(this.members, loopClock.now()));
		watchService(core.service, () => sumOfCounts(this.pools), metrics);
		metrics.watchEndpoints(this.config.name, () => core.service.endpoints);
		// Groups were made with the endpoints as they were then: thousands are not gone through again for nothing.
		if (this.judge(loopClock.now()) || core.changes !== this.coreChanges) this.refresh();
		else this.afterChange();
		for (const source of this.sources) source.belongTo(this);
		if (versionOf(this.sources) !== this.version) this.onEndpoints();
	}

	private relieve(before: NamedService): void {
		before.retire();
		if (before.core !== this.core) before.core.stop();
		for (const source of before.sources) if (!this.sources.includes(source)) source.stop();
	}

	/** It has left the file, or all is over. */
	release(): void {
		this.retire();
		this.core.stop();
		for (const source of this.sources) source.stop();
	}

	private retire(): void {
		this.isReleased = true;
		this.env.timers.disarm(this);
	}

	/** Every source has answered once, if only that it cannot. */
	get isDiscovered(): boolean {
		return this.sources.every(({ hasAnswered }) => hasAnswered);
	}

	// --- other endpoints -----------------------------------------------------------------------------------------

	/** One update at a time; lists that come meanwhile are taken together. */
	onEndpoints(): void {
		if (this.isUpdating || this.isReleased) return;
		this.isUpdating = true;
		this.updateAll().catch((error: unknown) => {
			this.isUpdating = false;
			this.env.log.error({ err: error, service: this.config.name }, 'endpoints could not be taken over');
		});
	}

	private async updateAll(): Promise<void> {
		do {
			const { version } = this;
			this.version = versionOf(this.sources);
			// What was there at the start is no newcomer among others.
			const foundAt = version === 0 ? Number.NEGATIVE_INFINITY : loopClock.now();
			const membership = await calmly(this.membersNow(this.membership, foundAt));
			if (this.isReleased) return;
			if (!(await calmlyUntil(this.replace(membership), () => this.isReleased))) return;
		} while (versionOf(this.sources) !== this.version);
		this.isUpdating = false;
	}

	private *membersNow(before: Membership, foundAt: number): InSlices<Membership> {
		const { config, env } = this;
		const lists: [string, ServiceConfig['endpoints']][] = this.sources.map(({ subset, endpoints }) => [
			subset,
			endpoints,
		]);
		if (config.source === null) lists.push(['', config.endpoints]);
		const membership = new Map<string, readonly Member[]>();
		for (const [subset, endpoints] of lists) {
			membership.set(subset, yield* membersOf(endpoints, before.get(subset) ?? [], foundAt, config, env));
		}
		return membership;
	}

	/**
	 * Each step leaves what can be worked with: an endpoint that is no longer known to the core is picked for a moment yet, or
	 * one that it knows already is not. Pools close when nobody can be sent to them any more.
	 */
	private *replace(membership: Membership): InSlices<void> {
		const before = this.pools;
		this.membership = membership;
		yield* this.core.follow(this.members, loopClock.now());
		yield;
		this.judge(loopClock.now());
		for (const { group, select } of this.destinations.values()) {
			yield;
			group.follow(endpointsOf(select()), loopClock.now());
		}
		this.afterChange();
		yield;
		yield* closingOthers(before, this.pools);
	}

	/** Other endpoints may be used, or have other shares. */
	private refresh(): void {
		const now = loopClock.now();
		this.judge(now);
		for (const { group } of this.destinations.values()) group.refresh(now);
		this.afterChange();
	}

	/** True where some endpoint may be used now and could not before, or the other way round. */
	private judge(now: number): boolean {
		let hasChanged = false;
		for (const { endpoint } of this.members) if (endpoint.judge(now)) hasChanged = true;
		return hasChanged;
	}

	/** Some share has grown. */
	override onTimer(): void {
		this.refresh();
	}

	private afterChange(): void {
		const groups = [...this.destinations.values()].map(({ group }) => group);
		const isPanicking = groups.some((group) => group.isPanicking);
		if (isPanicking !== this.isPanicking) this.tellPanic(isPanicking);
		const { slowStart } = this.config.policy.loadBalancer;
		if (this.isReleased || !groups.some(({ isWarming }) => isWarming)) return;
		this.env.timers.arm(this, Math.max(MIN_WARMING_STEP_MS, slowStart / WARMING_STEPS));
	}

	private tellPanic(isPanicking: boolean): void {
		const { log, metrics } = this.env;
		const { name } = this.config;
		this.isPanicking = isPanicking;
		metrics.panicked(name, isPanicking);
		if (isPanicking) log.warn({ service: name }, 'no endpoint is well: all of them are used');
		else log.info({ service: name }, 'an endpoint is well again: those that are not are left out');
	}

	// --- who refers to it ----------------------------------------------------------------------------------------

	/** `subset`: `''` for all of its endpoints; `port`: 0 for any. */
	backend(label: string, subset: string, port: number): Backend {
		const key = JSON.stringify([label, subset, port]);
		const known = this.destinations.get(key);
		if (known !== undefined) return known.backend;
		const select = this.selector(subset, port);
		if (select === null) return Backend.nowhere(label, 'names no subset of its service');
		const group = new EndpointGroup(this.config.policy.loadBalancer, this.env.zone);
		group.follow(endpointsOf(select()), loopClock.now());
		const backend = new Backend({ label, service: this.service, invalid: '', group });
		this.destinations.set(key, { backend, group, select });
		return backend;
	}

	private selector(subset: string, port: number): (() => readonly Member[]) | null {
		const { subsets, subsetServices } = this.config;
		const inSubset = (of: string) => this.membership.get(of) ?? [];
		if (subset === '') return () => this.atPort(inSubset(''), port);
		if (Object.hasOwn(subsetServices, subset)) return () => this.atPort(inSubset(subset), port);
		const labels = subsets[subset];
		if (labels === undefined) return null;
		const wanted = Object.entries(labels);
		const hasLabels = ({ config }: Member) => wanted.every(([name, value]) => config.labels[name] === value);
		return () => this.atPort(inSubset('').filter(hasLabels), port);
	}

	/** An endpoint has one port: where the service has several, those that have the one asked for, if any has it. */
	private atPort(members: readonly Member[], port: number): readonly Member[] {
		const ports = Object.values(this.config.ports);
		if (ports.length < 2 || !ports.includes(port)) return members;
		const exact = members.filter(({ config }) => config.port === port);
		return exact.length === 0 ? members : exact;
	}

	describe(): object {
		const { service, config, members } = this;
		return {
			hostnames: config.hostnames,
			...(this.sources.length > 0 && { sources: this.sources.map(describeSource) }),
			...(this.isPanicking && { panic: true }),
			endpoints: new LongList(this.describeMembers(members)),
			...describeService(service, config.policy, sumOfCounts(this.pools)),
		};
	}

	private *describeMembers(members: readonly Member[]): Generator<object> {
		for (const { endpoint, pool } of members) {
			yield {
				address: endpoint.address,
				weight: endpoint.weight,
				...(endpoint.zone !== '' && { zone: endpoint.zone }),
				labels: endpoint.labels,
				usable: endpoint.isUsable,
				...(endpoint.isEjected && { ejected: true }),
				...(endpoint.isUnwell && { healthy: false, lastFailure: this.core.lastFailure(endpoint.address) }),
				requests: { active: endpoint.active },
				connections: pool.counts,
			};
		}
	}
}

function describeSource({ subset, source, endpoints, failure }: LiveSource): object {
	return {
		...(subset !== '' && { subset }),
		from: source,
		endpoints: endpoints.length,
		...(failure !== '' && { failure }),
	};
}

function endpointsOf(members: readonly Member[]) {
	return members.map(({ endpoint }) => endpoint);
}

/** How many lists have come from the sources so far. */
function versionOf(sources: readonly LiveSource[]): number {
	return sources.reduce((sum, { version }) => sum + version, 0);
}

function sourcesOf({ source, subsetServices }: ServiceConfig): [string, EndpointSource][] {
	if (source === null) return [];
	const subsets = Object.entries(subsetServices).map(([subset, service]): [string, EndpointSource] => [
		subset,
		source.is === 'kubernetes' ? { ...source, service } : source,
	]);
	return [['', source], ...subsets];
}
