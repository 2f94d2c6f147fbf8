/**
 * Keeps the EndpointSlices of the services of one namespace: list, then watch, for as long as somebody listens.
 *
 * Theory of operation. `run` is the one loop: it lists when it must, and otherwise watches from the version that it knows,
 * which every event and every bookmark moves. A watch that ends is begun again from there, so nothing is missed and
 * nothing is sent twice; only a version that the server has forgotten (410) makes a new list. A list replaces everything at
 * once, when its last page is there, so that whoever listens never sees half of it; until then, and while nothing can be
 * asked, what was known stays.
 *
 * A service that is not part of the question under way interrupts it, and the next list asks for it too. Changes are
 * gathered for a moment before listeners hear of them (`slice-store.ts`).
 */
import { Alarm, type Clock, type Random, type Timers } from '../../clock.ts';
import type { Breathe } from '../../ports/control.ts';
import type { ApiClient } from './api-client.ts';
import { JsonLines } from './json-lines.ts';
import { ListItems } from './list-items.ts';
import { ENDED, errorEvent, failed, type Outcome, type Pace, refusal, thrown, waitAfter } from './outcome.ts';
import { Selection } from './selection.ts';
import { fieldsOf, metaOf, readSlice, textOf } from './slice.ts';
import { SliceDraft, type SliceListener, SliceStore } from './slice-store.ts';

/** etcd takes objects of 1.5 MiB; what the server adds to one on its way out is little. */
const MAX_OBJECT_BYTES = 4 * 1024 * 1024;
/** A watch is asked to end after one to two of these, so that sidecars that started together drift apart. */
const WATCH_SECONDS = 240;
/** How much longer it may go on before it counts as dead. */
const WATCH_GRACE_MS = 15_000;
/** For a page of a list. */
const LIST_TIMEOUT_MS = 60_000;
/** A watch that has lasted so long was a good one: waits begin anew. */
const STEADY_MS = 10_000;
/** Bytes between two breaths: half a millisecond of parsing, some more before the code is compiled. */
const BYTES_A_TURN = 16 * 1024;
const OK = 200;
/** Any version that the server has at hand: it need not ask etcd for it. */
const ANY_VERSION = '0';

export interface WatchContext {
	readonly client: ApiClient;
	readonly timers: Timers;
	readonly clock: Clock;
	readonly random: Random;
	readonly breathe: Breathe;
	readonly pace: Pace;
}

export class NamespaceWatch {
	private readonly namespace: string;
	private readonly context: WatchContext;
	private readonly store: SliceStore;
	private readonly deadline: Alarm;
	private readonly pausing: Alarm;
	private resume: (() => void) | null = null;
	private selection: Selection;
	private abort = new AbortController();
	private isInterrupted = false;
	private isStopped = false;
	private mustList = true;
	private version = ANY_VERSION;
	private failures = 0;
	private sinceBreath = 0;

	constructor(namespace: string, context: WatchContext) {
		this.namespace = namespace;
		this.context = context;
		this.store = new SliceStore(context.timers);
		this.selection = new Selection(namespace, new Set());
		this.deadline = new Alarm(() => this.abort.abort());
		this.pausing = new Alarm(() => this.resume?.());
	}

	get isIdle(): boolean {
		return this.store.listeners.size === 0;
	}

	start(): void {
		this.run().catch((error: unknown) => this.store.fail(thrown(error).reason));
	}

	/** The listener hears nothing before this has returned. */
	add(listener: SliceListener): void {
		this.store.listeners.add(listener);
		if (this.selection.has(listener.service)) {
			this.context.breathe().then(
				() => this.store.listeners.has(listener) && this.store.tell(listener),
				() => undefined,
			);
			return;
		}
		this.isInterrupted = true;
		this.abort.abort();
	}

	/** The question goes on as it is: a selector that asks for too much costs less than a new list. */
	remove(listener: SliceListener): void {
		this.store.listeners.delete(listener);
	}

	stop(): void {
		this.isStopped = true;
		this.store.stop();
		this.context.timers.disarm(this.deadline);
		this.context.timers.disarm(this.pausing);
		this.abort.abort();
		this.resume?.();
	}

	private async run(): Promise<void> {
		const { clock, breathe, random, pace } = this.context;
		// Whoever starts in this turn is part of the first question.
		await breathe();
		while (!this.isStopped) {
			const startedAt = clock.now();
			this.abort = new AbortController();
			this.isInterrupted = false;
			const outcome = await this.round();
			this.context.timers.disarm(this.deadline);
			if (this.isStopped) return;
			if (this.isInterrupted) {
				await breathe();
				continue;
			}
			if (clock.now() - startedAt >= STEADY_MS) this.failures = 0;
			this.learn(outcome);
			await this.pause(waitAfter(outcome, this.failures, random, pace));
			this.failures++;
		}
	}

	private learn(outcome: Outcome): void {
		if (outcome.is === 'failed') {
			this.store.fail(`EndpointSlices of namespace ${this.namespace}: ${outcome.reason}`);
		}
		if (outcome.is === 'ended' || (outcome.is === 'failed' && !outcome.mustList)) return;
		this.mustList = true;
		this.version = '';
	}

	private pause(ms: number): Promise<void> {
		return new Promise((resolve) => {
			this.resume = resolve;
			this.context.timers.arm(this.pausing, ms);
		});
	}

	private async round(): Promise<Outcome> {
		const services = this.store.services();
		for (const service of services) {
			if (this.selection.has(service)) continue;
			this.selection = new Selection(this.namespace, services);
			this.mustList = true;
			break;
		}
		try {
			const outcome = this.mustList ? await this.list() : null;
			return outcome ?? (await this.watch());
		} catch (error) {
			// Whatever kept the answer away may have been the certificates.
			this.context.client.account.forget();
			return thrown(error);
		}
	}

	/** `null`: all is well. */
	private async list(): Promise<Outcome | null> {
		const draft = new SliceDraft();
		let version = this.version;
		let token = '';
		do {
			this.context.timers.arm(this.deadline, LIST_TIMEOUT_MS);
			const answer = await this.context.client.get(this.selection.listPath(this.version, token), this.abort.signal);
			if (answer.status !== OK) return refusal(answer, this.namespace);
			const items = new ListItems(MAX_OBJECT_BYTES);
			for await (const part of this.inTurns(answer.body)) {
				for (const item of items.feed(part)) {
					if (item === null) return failed('an item of the list is too long', true);
					const slice = readSlice(parsed(item));
					if (slice === null) return failed('the list has an item that is no EndpointSlice', true);
					if (this.selection.has(slice.service) && !draft.put(slice)) return tooMany();
				}
			}
			const { resourceVersion, continueToken } = metaOf(parsed(items.end()));
			if (resourceVersion === '') return failed('the answer is no list of EndpointSlices', true);
			version = resourceVersion;
			token = continueToken;
		} while (token !== '');
		this.version = version;
		this.mustList = false;
		this.store.replace(draft);
		await this.context.breathe();
		return null;
	}

	private async watch(): Promise<Outcome> {
		const { timers, random, client, clock } = this.context;
		const startedAt = clock.now();
		let isSilent = true;
		const seconds = Math.round(WATCH_SECONDS * (1 + random.next()));
		timers.arm(this.deadline, seconds * 1000 + WATCH_GRACE_MS);
		const answer = await client.get(this.selection.watchPath(this.version, seconds), this.abort.signal);
		if (answer.status !== OK) return refusal(answer, this.namespace);
		const lines = new JsonLines(MAX_OBJECT_BYTES);
		try {
			for await (const part of this.inTurns(answer.body)) {
				isSilent = false;
				for (const line of lines.feed(part)) {
					const outcome = line === null ? failed('an event of the watch is too long', true) : this.onEvent(line);
					if (outcome !== null) return outcome;
				}
				if (this.abort.signal.aborted) break;
			}
		} catch {
			// The connection was cut, or we did it. What had come of a line is sent again.
		}
		// Not even a bookmark in minutes: the server may wait for a version that it will never have (after a restore).
		if (isSilent && clock.now() - startedAt >= STEADY_MS) this.mustList = true;
		return ENDED;
	}

	/** `null`: go on. */
	private onEvent(line: string): Outcome | null {
		const { type, object } = fieldsOf(parsed(line));
		if (type === 'ERROR') return errorEvent(object);
		if (type === undefined) return failed('the watch sent what is no event', true);
		const { name, resourceVersion } = metaOf(object);
		if (type === 'DELETED') this.store.delete(name);
		else if (type === 'ADDED' || type === 'MODIFIED') {
			const slice = readSlice(object);
			if (slice === null) return failed(`the watch sent what is no EndpointSlice: ${textOf(name)}`, true);
			if (!this.selection.has(slice.service)) this.store.delete(name);
			else if (!this.store.put(slice)) return tooMany();
		}
		// Bookmarks bring nothing else, and types that are not known here at least that.
		if (resourceVersion !== '') this.version = resourceVersion;
		return null;
	}

	/** Cuts what comes into parts for a turn each: a chunk from the network may be large. */
	private async *inTurns(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
		for await (const chunk of body) {
			for (let from = 0; from < chunk.length; from += BYTES_A_TURN) {
				const part = chunk.subarray(from, from + BYTES_A_TURN);
				yield part;
				this.sinceBreath += part.length;
				if (this.sinceBreath < BYTES_A_TURN) continue;
				this.sinceBreath = 0;
				await this.context.breathe();
			}
		}
	}
}

/** `undefined`: no JSON. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function tooMany(): Outcome {
	return failed('there are more endpoints than can be kept (150,000)', true);
}
