/**
 * The life of a request, in the order in which it happens. Each step is one line; why it stands where it stands is said
 * beside it. What the steps do is in `exchange.ts`; what happens between them is told there and in `exchange-state.ts`.
 */
import { ProxyError } from '../error.ts';
import { FieldId } from '../http/field-id.ts';
import { applyForwarded } from '../http/forwarded.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';
import { stripRequestHopByHop } from '../http/hop-by-hop.ts';
import { acceptRequestId } from '../http/request-id.ts';
import { applyTrace, continueTrace } from '../http/trace-context.ts';
import type { DownstreamStream, RequestHandler, StreamSink } from '../ports/stream.ts';
import {
	decideRetry,
	isRetriedStatus,
	type RetryInput,
	type RetrySkipReason,
	type RetryVerdict,
	SKIP_BUDGET,
} from '../resilience/retry.ts';
import { retryAfterMs } from '../resilience/retry-after.ts';
import type { Attempt } from './attempt.ts';
import type { ProxyContext, Route } from './context.ts';
import { Exchange, type Steps } from './exchange.ts';
import { Tunnel } from './tunnel.ts';

/** Takes requests from the listener. Its context is one snapshot: exchanges keep the one they started with. */
export class Forwarder implements RequestHandler {
	private readonly context: ProxyContext;
	private readonly service: Route['service'];

	/** `service` is where opaque connections go. */
	constructor(context: ProxyContext, service: Route['service']) {
		this.context = context;
		this.service = service;
	}

	onRequest(stream: DownstreamStream, head: RequestHead): StreamSink {
		const exchange = new Exchange(this.context, STEPS, stream, head);
		this.context.recorder.began();
		forward(exchange);
		return exchange;
	}

	onBadRequest(stream: DownstreamStream, error: ProxyError, head: RequestHead): void {
		const exchange = new Exchange(this.context, STEPS, stream, head);
		this.context.recorder.began();
		exchange.reply(error);
	}

	onTunnel(stream: DownstreamStream): StreamSink {
		return new Tunnel(stream, this.service, this.context);
	}
}

/** The sentence. */
function forward(x: Exchange): void {
	// Who asks, and under which id and trace: first, so that every answer and log line can be found again.
	identify(x);

	// Which rule: from here on the exchange keeps it, whatever happens to the route file.
	const route = match(x);
	if (route === null) return x.reply(new ProxyError('no_route', `no rule matches ${x.head.authority} ${x.head.path}`));
	x.matched = route;

	// What may not pass is refused before anything is spent on it.
	const refusal = refuse(x, route) ?? route.service.admit();
	if (refusal !== null) return x.reply(refusal);
	x.isAdmitted = true;

	// What the app gets to see: hop-by-hop fields end here, ours begin.
	prepare(x, route);

	// Attempts: the first now, others as `conclude` decides. The body follows by itself (`Exchange.onData`).
	x.attemptsMade = 1;
	x.attempt(false, false);
	x.run();
}

function identify(x: Exchange): void {
	const { headers } = x.head;
	const { random, trustedHops } = x.context;
	const given = acceptRequestId(headers.first(FieldId.requestId));
	x.requestId = given === '' ? random.uuid() : given;
	if (given === '') headers.setId(FieldId.requestId, x.requestId);
	const trace = continueTrace(headers, random);
	x.traceId = trace.traceId;
	x.spanId = trace.spanId;
	applyTrace(headers, trace);
	const { address: peerAddress, scheme, principal } = x.stream.peer;
	x.clientAddress = applyForwarded(x.head, { peerAddress, scheme, principal, trustedHops });
}

function match(x: Exchange): Route | null {
	const { routes, unmatched } = x.context;
	return routes.match(x.head)?.value ?? unmatched;
}

/** What the head alone forbids. */
function refuse(x: Exchange, route: Route): ProxyError | null {
	if (route.maxBodyBytes > 0 && x.head.contentLength > route.maxBodyBytes) {
		return new ProxyError('body_too_large', `content-length is larger than ${route.maxBodyBytes} bytes`);
	}
	return null;
}

function prepare(x: Exchange, route: Route): void {
	const { head } = x;
	stripRequestHopByHop(head);
	if (route.requestTimeoutMs > 0) x.requestDeadline = x.startedNow + route.requestTimeoutMs;
	const { retry } = route.rule;
	x.keepsBody = x.body !== null && retry !== null && retry.attempts > 0;
}

/** What the retry decision looks at; one object, filled anew each time. */
const INPUT: RetryInput = {
	error: null,
	status: 0,
	retryAfterMs: 0,
	policy: null,
	method: '',
	hasIdempotencyKey: false,
	attemptsMade: 0,
	responseStarted: false,
	bodyReplayable: false,
	remainingMs: 0,
	isReused: false,
	hasWritten: false,
	hasRead: false,
	alreadyRacedOnce: false,
	activeRetries: 0,
	limitRetries: 0,
	random: { next: () => 0, hex: () => '', uuid: () => '' },
};

function decide(x: Exchange, error: ProxyError | null, status: number, waitMs: number): RetryVerdict {
	const route = x.matched as Route;
	const stream = x.attempts[x.attempts.length - 1]?.stream ?? null;
	INPUT.error = error;
	INPUT.status = status;
	INPUT.retryAfterMs = waitMs;
	INPUT.policy = route.rule.retry;
	INPUT.method = x.head.method;
	INPUT.hasIdempotencyKey = x.head.headers.first(FieldId.idempotencyKey) !== undefined;
	INPUT.attemptsMade = x.attemptsMade;
	INPUT.bodyReplayable = x.body === null || x.body.isReplayable;
	INPUT.remainingMs = x.requestDeadline - x.now();
	INPUT.isReused = stream?.isReused ?? false;
	INPUT.hasWritten = stream?.hasWritten ?? false;
	INPUT.hasRead = stream?.hasRead ?? false;
	INPUT.alreadyRacedOnce = x.hasRacedIdle;
	INPUT.activeRetries = route.service.budget.active;
	INPUT.limitRetries = route.service.maxRetries;
	INPUT.random = x.context.random;
	return decideRetry(INPUT);
}

/** The second step of a verdict: the budget. */
function pay(x: Exchange, verdict: RetryVerdict): RetryVerdict {
	if (!verdict.retry || !verdict.spends) return verdict;
	const { service } = x.matched as Route;
	return service.budget.tryTake(x.now(), service.active) ? verdict : SKIP_BUDGET;
}

/** Makes the next attempt, now or after a while. */
function retry(x: Exchange, verdict: Extract<RetryVerdict, { retry: true }>): void {
	x.context.recorder.retried((x.matched as Route).service.name, verdict.reason);
	if (!verdict.spends) {
		x.hasRacedIdle = true;
		return x.attempt(verdict.fresh, false);
	}
	x.attemptsMade++;
	if (verdict.afterMs > 0) x.backOff(verdict.afterMs);
	else x.attempt(verdict.fresh, true);
}

/** Makes no further attempt, and lets it be seen why. */
function skip(x: Exchange, why: RetrySkipReason): void {
	x.context.recorder.retrySkipped(why);
	x.isRetriesSpent = why === 'attempts' && x.attemptsMade > 1;
}

const STEPS: Steps = {
	/** An attempt has failed: another one if that is safe and paid for, else the answer. */
	conclude(x: Exchange, failure: ProxyError): void {
		const attempt = x.takeAttempt();
		const verdict = pay(x, decide(x, failure, 0, 0));
		if (verdict.retry && !verdict.spends) attempt?.forgive(failure.code, x.now());
		else attempt?.settle(failure.code, x.now());
		if (verdict.retry) return retry(x, verdict);
		skip(x, verdict.why);
		x.reply(failure);
	},

	/** A status that the file names is another chance, as long as nothing has gone to the client. */
	retriesStatus(x: Exchange, attempt: Attempt, head: ResponseHead): boolean {
		const route = x.matched as Route;
		if (!isRetriedStatus(route.rule.retry, head.status)) return false;
		const wait = retryAfterMs(head.headers.first(FieldId.retryAfter), x.context.clock.wall());
		const verdict = pay(x, decide(x, null, head.status, wait));
		if (!verdict.retry) {
			skip(x, verdict.why);
			return false;
		}
		x.discardResponse(attempt);
		retry(x, verdict);
		return true;
	},
};
