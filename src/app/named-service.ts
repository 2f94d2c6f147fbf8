/**
 * An entry of `services` that is called.
 *
 * Theory of operation. A value, as far as the file goes: another version of the entry makes another one. What they have in
 * common lives on in it: the core (breaker, budget, requests under way) as long as the policy is the same, the members that
 * are still listed with their connections, and the sources that are still named. Nothing of the running one is touched
 * before `takeOver`.
 *
 * Where endpoints come from a source, the members are replaced whole each time that it has another list: built beside the
 * running ones in slices, and a plan for each group with them, then given to the groups by one assignment. Attempts under
 * way end at the endpoints that they have.
 *
 * Who becomes usable or not has the groups planned anew: of few members at once, of thousands in slices, once for all that
 * have changed meanwhile. An endpoint that is ejected may get a request until then, as it did until now.
 */
import { TimerEntry } from '../clock.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import { breathe } from '../io/breathe.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Backend } from '../proxy/backend.ts';
import { EndpointGroup, type GroupPlan } from '../proxy/endpoint-group.ts';
import type { Service } from '../proxy/service.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { CalmWork } from './calm-work.ts';
import { describeMembers, describeSource } from './described-service.ts';
import { LongList } from './json-pieces.ts';
import { LiveSource, type SourceOwner, sourcesOf, versionOf } from './live-source.ts';
import { endpointsOf, isCalledAlike, type Member, type Membership, membersOf, poolsOf } from './members.ts';
import { isSame } from './restart-only.ts';
import { ServiceCore } from './service-core.ts';
import { closeUnused, countsOf, describeService, type ServiceEnvironment, watchService } from './service-parts.ts';
import { atOnce, calmly, type InSlices } from './slices.ts';

/** Shares of slow starters are looked at this many times until they are full. */
const WARMING_STEPS = 20;
const MIN_WARMING_STEP_MS = 100;

/** Groups of so many members are planned anew within the event that has changed one: less than a millisecond. */
const AT_ONCE = 1000;
/** Looked at between two pauses: half a microsecond each. */
const JUDGED_A_SLICE = 1000;
/** Between two plans for more than that: with 10,000 endpoints some 3 ms of work each, so at most 6 % of the time. */
const REST_MS = 50;

interface Destination {
	readonly backend: Backend;
	readonly group: EndpointGroup;
	select(membership: Membership): readonly Member[];
}

type Plans = ReadonlyMap<Destination, GroupPlan>;

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
	private readonly calmRefresh: CalmWork;
	/** How often someone has become usable, or not. */
	private flips = 0;
	/** The same of the service before it, when the plans were begun. */
	private flipsBefore = 0;
	private isPanicking = false;
	private isUpdating = false;
	private isReleased = false;
	private isCoreTold = false;

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
		this.calmRefresh = new CalmWork({
			timers: env.timers,
			restMs: REST_MS,
			work: () => this.refreshInSlices(),
			onError: (error) => env.log.error({ err: error, service: config.name }, 'endpoints could not be judged'),
		});
	}

	/** `before`: the entry of the same name in the running file. It stays as it is. */
	static *build(config: ServiceConfig, env: ServiceEnvironment, before: NamedService | null): InSlices<NamedService> {
		const same = before !== null && isCalledAlike(before.config, config) ? before : null;
		const core = same?.core ?? new ServiceCore(config, env);
		const sources = sourcesOf(config).map(
			([subset, source]) =>
				before?.sources.find((each) => each.subset === subset && isSame(each.source, source)) ??
				// A service that changes its source keeps its endpoints until the new one knows better.
				new LiveSource(subset, source, env.watchOf(source, config.name), before?.configsOf(subset) ?? []),
		);
		const service = new NamedService(config, env, core, sources);
		const foundAt = before === null ? Number.NEGATIVE_INFINITY : loopClock.now();
		service.flipsBefore = before?.flips ?? 0;
		service.membership = yield* service.membersNow(same?.membership ?? new Map(), foundAt);
		return service;
	}

	get service(): Service {
		return this.core.service;
	}

	get pools(): Iterable<Http1Pool> {
		return poolsOf(this.membership);
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
		core.onChange = () => this.onFlip();
		const isLong = this.size > AT_ONCE;
		if (!isLong) atOnce(this.tellCore());
		watchService(core.service, () => this.pools, metrics);
		metrics.watchEndpoints(this.config.name, () => core.service.endpoints);
		// With thousands that takes turns of its own.
		if (isLong || atOnce(this.judge()) || (before?.flips ?? 0) !== this.flipsBefore) this.onFlip();
		else this.afterChange();
		this.onSourceFailed();
		for (const source of this.sources) source.belongTo(this);
		if (versionOf(this.sources) !== this.version) this.onEndpoints();
	}

	/** Health checks and outlier detection are for these members from now on. */
	private *tellCore(): InSlices<void> {
		this.isCoreTold = true;
		yield* this.core.follow(this.members, loopClock.now());
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
		this.calmRefresh.stop();
	}

	/** Every source has answered once, if only that it cannot. */
	get isDiscovered(): boolean {
		return this.sources.every(({ hasAnswered }) => hasAnswered);
	}

	// --- other endpoints -----------------------------------------------------------------------------------------

	/** Told to callers while there are no endpoints; otherwise the last good list stays. */
	onSourceFailed(): void {
		if (this.isReleased) return;
		const failed = this.sources.find(({ failure }) => failure !== '');
		if (failed === undefined) this.service.noneBecause = null;
		else {
			const code = failed.source.is === 'dns' ? 'dns_failed' : 'no_healthy_endpoint';
			this.service.noneBecause = { code, detail: failed.failure };
		}
	}

	/** One update at a time; lists that come meanwhile are taken together. */
	onEndpoints(): void {
		this.onSourceFailed();
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
			const { flips } = this;
			const membership = await calmly(this.membersNow(this.membership, foundAt));
			const plans = await calmly(this.planned(membership));
			if (this.isReleased) return;
			const before = this.membership;
			this.replace(membership, plans);
			// Each of what follows takes a while where there are thousands, and none of it is in a hurry.
			await breathe();
			if (this.isReleased) return;
			await calmly(this.tellCore());
			const isAnyMoved = await calmly(this.judge());
			if (this.isReleased) return;
			if (isAnyMoved || flips !== this.flips) this.onFlip();
			else this.afterChange();
			await calmly(closeUnused(poolsOf(before), poolsOf(membership)));
		} while (versionOf(this.sources) !== this.version);
		this.isUpdating = false;
	}

	private *membersNow(before: Membership, foundAt: number): InSlices<Membership> {
		const { config, env, core } = this;
		const found = { at: foundAt, isUnwell: core.holdsBackNew };
		const lists: [string, ServiceConfig['endpoints']][] = this.sources.map(({ subset, endpoints }) => [
			subset,
			endpoints,
		]);
		if (config.source === null) lists.push(['', config.endpoints]);
		const membership = new Map<string, readonly Member[]>();
		for (const [subset, endpoints] of lists) {
			membership.set(subset, yield* membersOf(endpoints, before.get(subset) ?? [], found, config, env));
		}
		return membership;
	}

	private *planned(membership: Membership): InSlices<Plans> {
		const plans = new Map<Destination, GroupPlan>();
		for (const each of this.destinations.values()) {
			yield;
			plans.set(each, yield* each.group.plan(endpointsOf(each.select(membership)), loopClock.now()));
		}
		// To take all over is enough for one turn of the event loop.
		yield;
		return plans;
	}

	private replace(membership: Membership, plans: Plans): void {
		loopClock.refresh();
		const now = loopClock.now();
		this.membership = membership;
		for (const each of this.destinations.values()) {
			const plan = plans.get(each);
			// A reload may have found one while the others were planned.
			if (plan === undefined) each.group.follow(endpointsOf(each.select(membership)), now);
			else each.group.adopt(plan);
		}
	}

	/** Plans for what rules of another version of the file have asked for; requests wait for those that are not made. */
	*plan(): InSlices<void> {
		for (const { group } of this.destinations.values()) {
			while (!group.isPlanned) {
				yield;
				const { endpoints } = group;
				const plan = yield* group.plan(endpoints, loopClock.now());
				if (group.endpoints === endpoints && !group.isPlanned) group.adopt(plan);
			}
		}
	}

	// --- who of them may be used ---------------------------------------------------------------------------------

	/** Somebody is usable now who was not, or the other way round. */
	private onFlip(): void {
		this.flips++;
		this.refresh();
	}

	/** Whether that is so. */
	private *judge(): InSlices<boolean> {
		let isAny = false;
		let judged = 0;
		for (const members of this.membership.values()) {
			for (const { endpoint } of members) {
				if (endpoint.judge(loopClock.now())) isAny = true;
				if (++judged % JUDGED_A_SLICE === 0) yield;
			}
		}
		return isAny;
	}

	/** Of all that is planned together. */
	private get size(): number {
		let size = 0;
		for (const { group } of this.destinations.values()) size += group.endpoints.length;
		return size;
	}

	/** Other endpoints may be used, or have other shares. */
	private refresh(): void {
		if (this.size > AT_ONCE) this.calmRefresh.request();
		else atOnce(this.refreshInSlices());
	}

	private *refreshInSlices(): InSlices<void> {
		if (!this.isCoreTold) {
			yield;
			yield* this.tellCore();
			yield;
		}
		yield* this.judge();
		for (const { group } of this.destinations.values()) {
			yield;
			const { endpoints } = group;
			const plan = yield* group.plan(endpoints, loopClock.now());
			// Where a source has told of others meanwhile, they have a newer plan.
			if (group.endpoints === endpoints) group.adopt(plan);
		}
		this.afterChange();
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
		group.expect(endpointsOf(select(this.membership)));
		const backend = new Backend({ label, service: this.service, invalid: '', group });
		this.destinations.set(key, { backend, group, select });
		return backend;
	}

	private selector(subset: string, port: number): ((membership: Membership) => readonly Member[]) | null {
		const { subsets, subsetServices } = this.config;
		if (subset === '') return (all) => this.atPort(all.get('') ?? [], port);
		if (Object.hasOwn(subsetServices, subset)) return (all) => this.atPort(all.get(subset) ?? [], port);
		const labels = subsets[subset];
		if (labels === undefined) return null;
		const wanted = Object.entries(labels);
		const hasLabels = ({ config }: Member) => wanted.every(([name, value]) => config.labels[name] === value);
		return (all) => this.atPort((all.get('') ?? []).filter(hasLabels), port);
	}

	/** An endpoint has one port: where the service has several, those that have the one asked for, if any has it. */
	private atPort(members: readonly Member[], port: number): readonly Member[] {
		const ports = Object.values(this.config.ports);
		if (ports.length < 2 || !ports.includes(port)) return members;
		const exact = members.filter(({ config }) => config.port === port);
		return exact.length === 0 ? members : exact;
	}

	*describe(): InSlices<object> {
		const { service, config, members } = this;
		const counts = yield* countsOf(this.pools);
		return {
			hostnames: config.hostnames,
			...(this.sources.length > 0 && { sources: this.sources.map(describeSource) }),
			...(this.isPanicking && { panic: true }),
			endpoints: new LongList(describeMembers(members, this.core)),
			...describeService(service, config.policy, counts),
		};
	}
}
