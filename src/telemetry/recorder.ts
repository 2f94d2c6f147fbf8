/** Tells metrics, access log and the list of recent heads of each exchange: what the data path sees of telemetry. */
import type { Side } from '../config/config.ts';
import type { ErrorCode } from '../error.ts';
import type {
	ExchangeRecord,
	ExchangeRecorder,
	HedgeOutcome,
	HedgeSkipReason,
	RetryReason,
	RetrySkipReason,
} from '../ports/telemetry.ts';

export class Recorder implements ExchangeRecorder {
	private readonly metrics: ExchangeRecorder;
	private readonly accessLog: { write(record: ExchangeRecord): void };
	private readonly recent: { record(record: ExchangeRecord): void };

	constructor(
		metrics: ExchangeRecorder,
		accessLog: { write(record: ExchangeRecord): void },
		recent: { record(record: ExchangeRecord): void },
	) {
		this.metrics = metrics;
		this.accessLog = accessLog;
		this.recent = recent;
	}

	began(side: Side): void {
		this.metrics.began(side);
	}

	ended(record: ExchangeRecord): void {
		this.metrics.ended(record);
		this.accessLog.write(record);
		this.recent.record(record);
	}

	retried(service: string, reason: RetryReason): void {
		this.metrics.retried(service, reason);
	}

	retrySkipped(reason: RetrySkipReason): void {
		this.metrics.retrySkipped(reason);
	}

	hedged(service: string, outcome: HedgeOutcome): void {
		this.metrics.hedged(service, outcome);
	}

	hedgeSkipped(reason: HedgeSkipReason): void {
		this.metrics.hedgeSkipped(reason);
	}

	mirrored(service: string, outcome: 'ok' | ErrorCode): void {
		this.metrics.mirrored(service, outcome);
	}

	connectionDenied(side: Side, isDryRun: boolean): void {
		this.metrics.connectionDenied(side, isDryRun);
	}

	refused(code: ErrorCode): void {
		this.metrics.refused(code);
	}
}
