/**
 * The life of a request, in the order in which it happens. Each step is one line; why it stands where it stands is said
 * beside it. What the steps do is in `exchange.ts`; what happens between them is told there and in `exchange-state.ts`.
 */
import { ProxyError } from '../error.ts';
import { FieldId } from '../http/field-id.ts';
import { applyForwarded, clientScheme } from '../http/forwarded.ts';
import { type RequestHead, type ResponseHead, TargetForm } from '../http/head.ts';
import { stripRequestHopByHop } from '../http/hop-by-hop.ts';
import { acceptRequestId } from '../http/request-id.ts';
import { applyTrace, continueTrace } from '../http/trace-context.ts';
import type { DownstreamStream, Peer, RequestHandler, StreamSink } from '../ports/stream.ts';
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
import { chooseBackend, chooseEndpoint } from './choose.ts';
import type { ProxyContext, Route } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { Exchange, type Steps } from './exchange.ts';
import { State } from './exchange-state.ts';
import { NEVER } from './exchange-timing.ts';
import { editResponse, passes, passesGate } from './filtering.ts';
import { hedge, hedgingFor } from './hedging.ts';
import { join, setDeadline } from './join.ts';
import { Mirror, Mirrors } from './mirror.ts';
import type { Service } from './service.ts';
import { Tunnel } from './tunnel.ts';

/** Takes requests from a listener. Its context is one snapshot: exchanges keep the one they started with. */
export class Forwarder implements RequestHandler {
	private readonly context: ProxyContext;
	private readonly opaque: Endpoint | null;

	/** `opaque` is where connections go that are not HTTP; `null`: they are refused. */
	constructor(context: ProxyContext, opaque: Endpoint | null) {
		this.context = context;
		this.opaque = opaque;
	}

	onRequest(stream: DownstreamStream, head: RequestHead): StreamSink {
		const exchange = new Exchange(this.context, STEPS, stream, head);
		this.context.recorder.began(this.context.side);
		forward(exchange);
		return exchange;
	}

	onBadRequest(stream: DownstreamStream, error: ProxyError, head: RequestHead): void {
		const exchange = new Exchange(this.context, STEPS, stream, head);
		this.context.recorder.began(this.context.side);
		exchange.reply(error);
	}

	onTunnel(stream: DownstreamStream): StreamSink {
		return new Tunnel(stream, this.refusalOf(stream.peer) ?? this.opaque ?? nowhere(), this.context);
	}

	/** Of a connection that is no HTTP; `null`: it may pass. */
	private refusalOf({ address: peerAddress, principal }: Peer): ProxyError | null {
		const { authorization, recorder, side } = this.context;
		const refusal = authorization?.decideConnection({ peerAddress, principal }).refusal ?? null;
		if (authorization === null || refusal === null) return null;
		recorder.connectionDenied(side, authorization.isDryRun);
		return authorization.isDryRun ? null : refusal;
	}
}

function nowhere(): ProxyError {
	return new ProxyError('no_healthy_endpoint', 'opaque bytes have nowhere to go', { unsent: true });
}

/** The sentence. */
function forward(x: Exchange): void {
	// Who asks, and under which id and trace: first, so that every answer and log line can be found again.
	identify(x);

	// Which rule: from here on the exchange keeps it, whatever happens to the route file.
	const route = match(x);
	if (route === null) return x.reply(unmatched(x));
	x.matched = route;

	// What the next hop gets to see: hop-by-hop fields end here, ours begin.
	prepare(x, route);

	// Who may ask, judged by what the next hop sees: first, so that a stranger learns of no limit, and of no rule by it.
	if (!passesGate(x, route.filters)) return;

	// What may not pass is refused before anything is spent on it.
	const refusal = refuse(x, route);
	if (refusal !== null) return x.reply(refusal);

	// For whom: a call of the app takes from the request that it is made for. What has no time left is not begun.
	join(x);
	if (x.requestDeadline <= x.startedNow) return x.reply(x.deadlineError('request', false));
	if (x.hasClientLeft) return x.reply(x.deadlineError('client', false));

	proceed(x);
	x.run();
}

/** The second half of the sentence; said again when a filter has had the exchange wait. */
function proceed(x: Exchange): void {
	const route = x.matched as Route;

	// The rule's own filters, in their order: they edit the request, answer it, refuse it, or have it wait.
	if (!passes(x, route.filters)) return;

	// Which backend: after the filters, so that what they refuse costs no backend its share.
	const backend = chooseBackend(x, route);
	if (backend instanceof ProxyError) return x.reply(backend);
	x.backend = backend;
	x.upstream = backend.service;

	// A place at its service, given back at the end.
	const refusal = (backend.service as Service).admit();
	if (refusal !== null) return x.reply(refusal);
	x.isAdmitted = true;

	// Copies show what the rule's filters made of the request; the backend's own filters are for the backend alone.
	if (route.mirrors.length > 0) mirror(x, route);
	x.filtersRun = 0;
	if (!passes(x, backend.filters)) return;

	// Whether an attempt that takes long gets company.
	x.hedging = hedgingFor(x, route);

	// Attempts: the first now, others as `conclude` decides. The body follows by itself (`Exchange.onData`).
	x.attemptsMade = 1;
	x.attempt(false, false);
}

function identify(x: Exchange): void {
	const { headers } = x.head;
	const { random, trustedHops, side } = x.context;
	const given = acceptRequestId(headers.first(FieldId.requestId));
	x.requestId = given === '' ? random.uuid() : given;
	if (given === '') headers.setId(FieldId.requestId, x.requestId);
	const trace = continueTrace(headers, random);
	x.traceId = trace.traceId;
	x.spanId = trace.spanId;
	x.callerSpanId = trace.parentSpanId;
	applyTrace(headers, trace);
	const { address: peerAddress, scheme, certificateElement } = x.stream.peer;
	// On the way out the caller is the app itself: there is nothing to tell about it.
	if (side === 'outbound') x.clientAddress = peerAddress;
	else {
		x.clientAddress = applyForwarded(x.head, { peerAddress, scheme, certificateElement, trustedHops });
		x.scheme = clientScheme(headers, scheme, trustedHops);
	}
}

function match(x: Exchange): Route | null {
	const { routes, unmatched } = x.context;
	const hit = routes.match(x.head);
	if (hit === null) return unmatched;
	x.match = hit.match;
	return hit.value;
}

/** What becomes of a request that nothing takes. Whom `inbound.authorization` keeps out is not told that there is no rule. */
function unmatched(x: Exchange): ProxyError {
	const { context, head } = x;
	stripRequestHopByHop(head);
	const refusal = context.authorization?.onRequest(x) ?? null;
	return refusal ?? new ProxyError('no_route', `no rule matches ${head.authority} ${head.path}`);
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
	// Who is asked like a proxy is the one that this was meant for (RFC 9110 §11.7.2).
	if (x.context.side === 'outbound' && head.targetForm === TargetForm.absolute) {
		head.headers.remove('proxy-authorization');
	}
	setDeadline(x, route);
	const { retry } = route.rule;
	x.keepsBody = x.body !== null && (route.hedging !== null || (retry !== null && retry.attempts > 0));
	// Before a filter can take the token away.
	if (route.sessions !== null) x.session = route.sessions.find(head.headers, x.context.clock.wall());
}

/** Sends copies. What will not stay HTTP has none. */
function mirror(x: Exchange, { mirrors }: Route): void {
	const { context, head } = x;
	if (head.upgrade !== '' || head.method === 'CONNECT') return;
	for (const { backend, share } of mirrors) {
		if (share < 1 && context.random.next() >= share) continue;
		const copy = Mirror.start(context, backend, head);
		if (copy === null) continue;
		// Nothing, unless the request was held back.
		x.body?.copyTo(copy);
		if (x.requestEnded) copy.end(x.requestTrailers);
		x.mirrors ??= new Mirrors();
		x.mirrors.add(copy);
	}
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

/** `attempt`: the one that has failed, or was answered with `status`. */
function decide(x: Exchange, attempt: Attempt | null, error: ProxyError | null, status = 0, waitMs = 0): RetryVerdict {
	const route = x.matched as Route;
	const service = x.upstream as Service;
	const stream = attempt?.stream ?? null;
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
	INPUT.activeRetries = service.budget.active;
	INPUT.limitRetries = service.maxRetries;
	INPUT.random = x.context.random;
	return decideRetry(INPUT);
}

/** The second step of a verdict: the budget. */
function pay(x: Exchange, verdict: RetryVerdict): RetryVerdict {
	if (!verdict.retry || !verdict.spends) return verdict;
	const service = x.upstream as Service;
	return service.budget.tryTake(x.now(), service.active) ? verdict : SKIP_BUDGET;
}

/** Makes the next attempt, now or after a while. */
function retry(x: Exchange, verdict: Extract<RetryVerdict, { retry: true }>): void {
	x.context.recorder.retried((x.upstream as Service).name, verdict.reason);
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
	resume(x: Exchange): void {
		x.resumeAt = NEVER;
		if (x.state === State.delayed) proceed(x);
		else x.attempt(false, true);
		x.run();
	},

	chooseEndpoint,
	hedge,
	editResponse,

	/** An attempt has failed: another one if that is safe and paid for, else the answer. */
	conclude(x: Exchange, failure: ProxyError): void {
		const attempt = x.takeAttempt();
		const verdict = pay(x, decide(x, attempt, failure));
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
		const verdict = pay(x, decide(x, attempt, null, head.status, wait));
		if (!verdict.retry) {
			skip(x, verdict.why);
			return false;
		}
		x.discardResponse(attempt);
		retry(x, verdict);
		return true;
	},
};
