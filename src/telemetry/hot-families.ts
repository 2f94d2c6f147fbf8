/** The families that each request touches (`hot-family.ts`). */
import { ERROR_CODES } from '../error.ts';
import { HotCounter, HotHistogram } from './hot-family.ts';

/** Seconds. OpenTelemetry's buckets for HTTP durations, and three finer ones: most exchanges on a pod take under 5 ms. */
const DURATION_BOUNDS = [
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** Seconds. Our own share is tens of microseconds; anything near 100 ms is a starved event loop. */
const ADDED_BOUNDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] as const;

const REQUEST_LABELS = ['http_request_method', 'http_response_status_code', 'http_route', 'error_type'] as const;

export function requestDurations(maxSeries: number): HotHistogram {
	return new HotHistogram({
		name: 'http_server_request_duration_seconds',
		help: 'Duration of requests to the app, from the first byte in to the last byte out.',
		labelNames: REQUEST_LABELS,
		maxSeries,
		bounds: DURATION_BOUNDS,
	});
}

export function callDurations(maxSeries: number): HotHistogram {
	return new HotHistogram({
		name: 'http_client_request_duration_seconds',
		help: 'Duration of requests that the app made, from the first byte in to the last byte out.',
		labelNames: [...REQUEST_LABELS, 'service'],
		maxSeries,
		bounds: DURATION_BOUNDS,
	});
}

export function addedLatency(): HotHistogram {
	return new HotHistogram({
		name: 'outrigger_added_latency_seconds',
		help: 'Share of the duration that is our own, event-loop lag included.',
		labelNames: [],
		maxSeries: 1,
		bounds: ADDED_BOUNDS,
	});
}

export function localReplies(): HotCounter {
	return new HotCounter({
		name: 'outrigger_local_replies_total',
		help: 'Responses that the sidecar itself made, by error code.',
		labelNames: ['code'],
		maxSeries: Object.keys(ERROR_CODES).length,
	});
}
