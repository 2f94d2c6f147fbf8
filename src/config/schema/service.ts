/** How a service is called: the app, or an entry of `services`. */
import type * as z from 'zod';
import { block, duration, integer, listOf, offAlone, orOff, percentage, withFacts, word } from './field.ts';
import { type HealthCheckInput, healthCheck } from './health-check.ts';
import { type LoadBalancerInput, loadBalancer } from './load-balancer.ts';
import { type OutlierDetectionInput, outlierDetection } from './outlier-detection.ts';
import { serviceTls } from './tls.ts';

/** One short of a million: more connections than a process can have descriptors for. */
const MAX_COUNT = 999_999;
/** The window is cut into ten buckets; below this they would be shorter than the timers' resolution. */
const MIN_WINDOW_MS = 100;

/** On loopback a second is an age; elsewhere a lost packet alone costs one. */
const APP_CONNECT_TIMEOUT = '1s';
const SERVICE_CONNECT_TIMEOUT = '5s';

function connect(timeout: string) {
	return block({
		timeout: duration(1).prefault(timeout).describe('Longest wait for a connection.'),
		idle: duration()
			.optional()
			.describe('Age at which an idle connection is closed. Default: learned, 4s until something is known.'),
		maxConnections: integer(1, MAX_COUNT).prefault(1024).describe('Connections at a time.'),
		maxRequestsPerConnection: integer(0, MAX_COUNT)
			.prefault(0)
			.describe('Requests after which a connection is replaced. `0`: no limit.'),
		maxAge: duration().prefault('0s').describe('Age at which a connection is replaced. `0s`: no limit.'),
	});
}

const limits = block({
	requests: integer(1, MAX_COUNT).prefault(1024).describe('Requests at a time; more get 503.'),
	pending: integer(0, MAX_COUNT).prefault(1024).describe('Requests that wait for a connection; more get 503.'),
	retries: integer(1, MAX_COUNT).optional().describe('Retries at a time. Default: the retry budget alone decides.'),
});

const circuitBreaker = orOff(
	block({
		errorThresholdPercentage: percentage().prefault(50).describe('Share of failures that opens the circuit.'),
		volumeThreshold: integer(1, MAX_COUNT).prefault(20).describe('Attempts in the window before it can open.'),
		rollingCountTimeout: duration(MIN_WINDOW_MS).prefault('10s').describe('Length of the window.'),
		resetTimeout: duration(1).prefault('5s').describe('Time after which an open circuit lets one request try.'),
		failures: listOf(word(['connect', 'reset', 'timeout', 'malformed', '5xx']), 5)
			.min(1)
			.prefault(['connect', 'reset', 'timeout', 'malformed'])
			.describe('What counts as a failure.'),
	}),
	'a mapping such as `{ volumeThreshold: 20 }`, or `off`',
);

const retryBudget = block({
	percent: percentage().prefault(20).describe('Retries as a share of the requests in flight.'),
	minPerSecond: integer(0, MAX_COUNT).prefault(10).describe('Retries a second that are always allowed.'),
});

function commonKeys(connectTimeout: string) {
	return {
		connect: connect(connectTimeout).prefault({}).describe('Connections.'),
		limits: limits.prefault({}).describe('How much is let through at a time.'),
		circuitBreaker: circuitBreaker.prefault({}).describe('Stops asking while nothing works; `off` for never.'),
		retryBudget: retryBudget.prefault({}).describe('How many retries all rules together may make.'),
	};
}

const appOutlierDetection = offAlone('would leave out the app, and there is no other', '`off`, or no such key');
const appHealthCheck = offAlone('would ask the app, as `app.health` does', '`off`, or no such key');

export const appPolicy = withFacts(
	block({
		...commonKeys(APP_CONNECT_TIMEOUT),
		outlierDetection: appOutlierDetection.prefault('off').describe('Always `off`: the app is the only endpoint.'),
		healthCheck: appHealthCheck.prefault('off').describe('Always `off`: `app.health` says how the app is asked.'),
	}),
	{
		reasonsAgainst: {
			loadBalancer: 'the app is the only endpoint: there is nothing to choose',
			tls: 'the app is on localhost, where plaintext is spoken; TLS for callers is `tls` at the top',
		},
	},
);

export const servicePolicyKeys = {
	...commonKeys(SERVICE_CONNECT_TIMEOUT),
	loadBalancer: loadBalancer.prefault({}).describe('Which endpoint gets a request.'),
	outlierDetection: outlierDetection
		.prefault({})
		.describe('Leaves endpoints out for a while that fail again and again; `off` for never.'),
	healthCheck: healthCheck
		.optional()
		.describe('Asks the endpoints themselves, the way in which requests are sent; `off`, as by default: never.'),
	tls: serviceTls.prefault({}).describe('TLS towards the endpoints.'),
};

/** Of the app or of an entry of `services`; the app has no choice of endpoints. */
export interface ServicePolicyInput extends CommonPolicyInput {
	readonly loadBalancer?: LoadBalancerInput;
	readonly outlierDetection: OutlierDetectionInput;
	readonly healthCheck?: HealthCheckInput | undefined;
}
type CommonPolicyInput = Omit<z.output<typeof appPolicy>, 'outlierDetection' | 'healthCheck'>;
