/** What the data path tells the outside of an exchange. The exchange itself is the record: nothing is copied for it. */
import type { Side } from '../config/config.ts';
import type { ErrorCode } from '../error.ts';
import type { HedgeOutcome, HedgeSkipReason } from '../resilience/hedge.ts';
import type { EjectionCause } from '../resilience/outlier-detector.ts';
import type { RetryReason, RetrySkipReason } from '../resilience/retry.ts';

export type { HedgeOutcome, HedgeSkipReason, RetryReason, RetrySkipReason };

/** Why an attempt ended as it did; `''` while it runs, `ok` when a response head came, `lost` when another was answered first. */
export type AttemptOutcome = 'ok' | 'lost' | ErrorCode | '';

/** One line of the attempt ledger. */
export interface AttemptRecord {
	readonly endpoint: string;
	readonly isReused: boolean;
	/** It was made beside another that took long. */
	readonly isHedge: boolean;
	/** Milliseconds from the first byte of the request to the start of the attempt. */
	readonly startMs: number;
	/** Milliseconds the attempt waited for a connection; 0 on an idle one. */
	readonly connectMs: number;
	/** Milliseconds from the start of the attempt to the first response byte; -1 when none came. */
	readonly firstByteMs: number;
	readonly outcome: AttemptOutcome;
	/** Status that the upstream answered; 0 when it did not. */
	readonly status: number;
	/** Milliseconds from its start to its end, of whatever kind; 0 while it runs. */
	readonly durationMs: number;
	/** Milliseconds waited before this attempt. */
	readonly backoffMs: number;
}

/** Metric children of one route, bound once when the route table is built. Opaque to the data path. */
export interface RouteSeries {
	readonly route: string;
}

/** A finished exchange. */
export interface ExchangeRecord {
	/** `null` when no rule matched or the head was not understood. */
	readonly series: RouteSeries | null;
	readonly route: string;
	readonly side: Side;
	/** Name of the service by whose own port it came; `''`: by the port of its side. */
	readonly portService: string;
	/** Name of the service that it was for; `''` when it got no further than us. */
	readonly service: string;
	readonly method: string;
	readonly scheme: string;
	readonly authority: string;
	/** As received; redact before logging. */
	readonly target: string;
	readonly httpVersion: number;
	/** Final status; 499 when the client went away before one was sent. */
	readonly status: number;
	/** Our own code when the response was a local reply or the exchange broke; `''` when the app answered in full. */
	readonly errorCode: ErrorCode | '';
	/** What was seen, for the log; `''` without an error. */
	readonly errorDetail: string;
	/** Envoy's response flags, comma-joined; `''` for none. */
	readonly flags: string;
	/** The response was made by the sidecar. */
	readonly isLocalReply: boolean;
	readonly requestBytes: number;
	readonly responseBytes: number;
	/** Epoch milliseconds of the first byte. */
	readonly startedAt: number;
	readonly durationMs: number;
	/** Our own share of the duration: before the first attempt and between the app's head and ours. */
	readonly addedMs: number;
	readonly requestId: string;
	/** 32 hex digits; `''` when the request was not understood. */
	readonly traceId: string;
	readonly spanId: string;
	readonly peerAddress: string;
	/** Verified identity of the peer; `''` without one. */
	readonly principal: string;
	/** The entry of `authorization` that refused it; `''`: none. */
	readonly deniedBy: string;
	/** Those that would have, but for `dryRun`; `''`: none. */
	readonly wouldBeDeniedBy: string;
	readonly clientAddress: string;
	readonly userAgent: string;
	readonly isTunnel: boolean;
	readonly attempts: readonly AttemptRecord[];
	/** The head as it came in, one character a byte; `''` where it had no text. */
	readonly headText: string;
}

export interface ExchangeRecorder {
	/** A request's head has been read. */
	began(side: Side): void;
	/** Its last byte has gone, or it broke. Called once for each `began`. */
	ended(record: ExchangeRecord): void;
	retried(service: string, reason: RetryReason): void;
	retrySkipped(reason: RetrySkipReason): void;
	/** A hedge is over. */
	hedged(service: string, outcome: HedgeOutcome): void;
	hedgeSkipped(reason: HedgeSkipReason): void;
	/** A copy of a request has been sent, or could not be. */
	mirrored(service: string, outcome: 'ok' | ErrorCode): void;
	/** Authorization has refused a connection whose bytes are no HTTP, or would have but for `dryRun`. */
	connectionDenied(side: Side, isDryRun: boolean): void;
	/** A local reply that belongs to no exchange (unparsable head, connection limit). */
	refused(code: ErrorCode): void;
}

/** Upstream connections as the metrics see them. */
export interface ConnectionRecorder {
	connected(service: string, seconds: number): void;
	connectFailed(service: string): void;
}

/** Endpoint sources as the metrics see them. */
export interface DiscoveryRecorder {
	/** `ok`: a list was taken over; `failed`: the source could not give one, and the last good one stays. */
	discovered(service: string, result: 'ok' | 'failed'): void;
}

/** Endpoints that are left out, as the metrics see them. */
export interface EjectionRecorder {
	ejected(service: string, reason: EjectionCause): void;
	/** It has deserved it and stays in all the same. */
	ejectionSkipped(service: string, reason: 'cap'): void;
}

export type HealthResult = 'passed' | 'failed';

/** Health checks of endpoints as the metrics see them. */
export interface HealthRecorder {
	healthChecked(service: string, result: HealthResult): void;
}
