/**
 * This workload's certificate, key and trust bundles from the SPIFFE Workload API: an agent on the same machine, which knows
 * by the socket's other end who asks.
 *
 * Theory of operation. One stream is open for as long as it lasts; each message on it replaces everything. A stream that
 * ends is opened again, at once to begin with, then at growing distances, and what was good stays meanwhile. So does it when
 * a message makes no sense. Two answers are different (SPIFFE Workload Endpoint §6). An agent that knows no identity for us
 * takes away what we had: at once on a stream that it had given it on, and after a grace where it may just have started
 * itself. One that does not understand us is not asked again.
 */
import { Alarm, type Clock, type Random, type Timers } from '../clock.ts';
import { GrpcStatus } from '../http/grpc-status.ts';
import type { MaterialSink, MaterialSource } from './certificate-files.ts';
import type { Material } from './material.ts';
import { type StreamEnd, type StreamListener, SvidStream } from './svid-stream.ts';
import { materialIn } from './workload-api-material.ts';
import { readX509SvidResponse, type X509SvidResponse } from './workload-api-message.ts';

/** Longest that a start is held up. */
const START_MS = 5000;
/** For the first message, which comes without delay (§4.3): an agent that is hung. */
const ANSWER_MS = 10_000;
const BASE_WAIT_MS = 250;
const MAX_WAIT_MS = 30_000;
/** A stream that has lasted so long was a good one: waits begin anew. */
const STEADY_MS = 10_000;
/** How long an agent may know nothing of us after a new connection before that is the truth. */
const DENIAL_GRACE_MS = 30_000;
/** The first end of a stream is an agent's restart, and no news while we have a certificate. */
const QUIET_FAILURES = 1;
/** Ids that are shown of those that are not used. */
const MAX_SHOWN = 8;
const FINAL: ReadonlySet<number> = new Set([GrpcStatus.invalidArgument, GrpcStatus.unimplemented]);

export interface WorkloadApiOptions {
	/** Path of the agent's Unix socket. */
	readonly socket: string;
	readonly timers: Timers;
	readonly clock: Pick<Clock, 'now'>;
	readonly random: Pick<Random, 'next'>;
	readonly sink: MaterialSink;
}

export class WorkloadApi implements MaterialSource, StreamListener {
	private readonly options: WorkloadApiOptions;
	private readonly startEnds = new Alarm(() => this.settle(this.about(`no answer within ${START_MS} ms`)));
	private readonly answerEnds = new Alarm(() => this.stream?.cancel(`no answer within ${ANSWER_MS} ms`));
	private readonly again = new Alarm(() => this.open());
	private resolveStart: ((reason: string) => void) | null = null;
	private stream: SvidStream | null = null;
	private state: 'connecting' | 'open' | 'waiting' | 'given up' | 'stopped' = 'connecting';
	/** In a row. */
	private failures = 0;
	private openedAt = 0;
	/** Whether the stream under way has given us something. */
	private hasGiven = false;
	/** Reading of the clock since which nothing else was heard; -1: something was. */
	private deniedSince = -1;
	private told = '';
	private lastFailure = '';
	/** In force. */
	private material: Material | null = null;
	/** What the last answer had and is not used. */
	private unused: object = {};

	constructor(options: WorkloadApiOptions) {
		this.options = options;
	}

	start(): Promise<string> {
		const started = new Promise<string>((resolve) => {
			this.resolveStart = resolve;
		});
		this.options.timers.arm(this.startEnds, START_MS);
		this.open();
		return started;
	}

	stop(): void {
		const { timers } = this.options;
		this.state = 'stopped';
		for (const alarm of [this.startEnds, this.answerEnds, this.again]) timers.disarm(alarm);
		this.stream?.cancel('stopped');
		this.settle(this.about('stopped'));
	}

	private open(): void {
		const { socket, timers, clock } = this.options;
		this.state = 'connecting';
		this.hasGiven = false;
		this.openedAt = clock.now();
		this.stream = SvidStream.open(socket, this);
		timers.arm(this.answerEnds, ANSWER_MS);
	}

	onMessage(message: Uint8Array): void {
		if (this.state === 'stopped') return;
		this.options.timers.disarm(this.answerEnds);
		this.state = 'open';
		const response = readX509SvidResponse(message);
		const material = response === null ? 'is no X509SVIDResponse' : materialIn(response);
		if (response === null || typeof material === 'string') return this.refuse(this.about(`the answer ${material}`));
		this.hasGiven = true;
		this.deniedSince = -1;
		this.unused = unusedOf(response);
		this.take(material);
		this.settle('');
	}

	private take(material: Material): void {
		const { sink } = this.options;
		const { texts } = this.material ?? {};
		this.lastFailure = '';
		const hadFault = this.told !== '';
		this.told = '';
		if (texts !== undefined && PARTS.every((part) => texts[part] === material.texts[part])) {
			if (hadFault) sink.onWell();
			return;
		}
		this.material = material;
		sink.onMaterial(material);
	}

	/** What came is not taken over; the stream goes on. */
	private refuse(reason: string): void {
		this.lastFailure = reason;
		this.tell(reason);
		this.settle(reason);
	}

	onEnd({ status, reason }: StreamEnd): void {
		const { timers, clock, random } = this.options;
		timers.disarm(this.answerEnds);
		this.stream = null;
		if (this.state === 'stopped') return;
		const isFinal = status !== null && FINAL.has(status);
		this.lastFailure = this.about(isFinal ? `${reason}; it is not asked again` : reason);
		if (this.hasGiven && clock.now() - this.openedAt >= STEADY_MS) this.failures = 0;
		this.state = isFinal ? 'given up' : 'waiting';
		if (!isFinal) timers.arm(this.again, waitMs(this.failures, random));
		this.failures++;
		if (status === GrpcStatus.permissionDenied) this.onDenied();
		if (isFinal || this.material === null || this.failures > QUIET_FAILURES) this.tell(this.lastFailure);
		this.settle(this.lastFailure);
	}

	/** We are nobody to the agent: what it has given us is to be used no longer (§5.2.1). */
	private onDenied(): void {
		const { clock, sink } = this.options;
		if (this.material === null) return;
		if (this.deniedSince < 0) this.deniedSince = clock.now();
		if (!this.hasGiven && clock.now() - this.deniedSince < DENIAL_GRACE_MS) return;
		this.material = null;
		this.unused = {};
		this.told = this.lastFailure;
		sink.onWithdrawn(this.lastFailure);
	}

	private tell(reason: string): void {
		if (reason === this.told) return;
		this.told = reason;
		this.options.sink.onFault(reason);
	}

	private settle(reason: string): void {
		this.options.timers.disarm(this.startEnds);
		this.resolveStart?.(reason);
		this.resolveStart = null;
	}

	private about(reason: string): string {
		return `SPIFFE Workload API at ${this.options.socket}: ${reason}`;
	}

	describe(): object {
		const { state, failures, lastFailure, unused } = this;
		return { workloadApi: { state, ...(lastFailure !== '' && { failures, lastFailure }), ...unused } };
	}
}

/** For `/certs`: whoever has several ids, or revokes, is to see that it is not heeded. */
function unusedOf({ svids, revocationLists }: X509SvidResponse): object {
	const others = svids.slice(1, 1 + MAX_SHOWN).map(({ spiffeId }) => spiffeId);
	return {
		...(others.length > 0 && { unusedSvids: others }),
		...(revocationLists > 0 && { unusedCrls: revocationLists }),
	};
}

const PARTS = ['certificate', 'key', 'trustBundle'] as const;

/** Doubled each time, half of it at random: agents and those who ask them often start together. `failures`: from 0. */
export function waitMs(failures: number, random: Pick<Random, 'next'>): number {
	return Math.min(MAX_WAIT_MS, BASE_WAIT_MS * 2 ** failures) * (0.5 + 0.5 * random.next());
}
