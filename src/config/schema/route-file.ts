import * as z from 'zod';
import { appSchema } from './app.ts';
import { block, duration, fieldFacts, flag, integer, size, word } from './field.ts';
import { inboundSchema } from './inbound.ts';
import { listenAddress } from './listen.ts';
import { namedServices } from './named-service.ts';
import { outboundSchema } from './outbound.ts';
import { routeTests } from './route-test.ts';
import { telemetrySchema } from './telemetry.ts';
import { tlsSchema } from './tls.ts';

const MAX_HOPS = 32;
const MAX_CONNECTIONS = 1_000_000;
const MAX_HEADERS = 10_000;
const MIN_HEADER_BYTES = 1024;
const MAX_HEADER_BYTES = 2 ** 20;

/** A connection that holds nothing but a slot costs little; the bounds are those of the semantics (docs/routes.md). */
const limits = block({
	connections: integer(1, MAX_CONNECTIONS).prefault(10_000).describe('Inbound connections at a time.'),
	headerBytes: size(MIN_HEADER_BYTES, MAX_HEADER_BYTES)
		.prefault('60KiB')
		.describe('Largest message head; a larger one gets 431.'),
	headers: integer(1, MAX_HEADERS).prefault(100).describe('Most header fields of a message.'),
	headTimeout: duration().prefault('10s').describe('Longest time for a head to come in whole. `0s`: none.'),
	idle: duration().prefault('620s').describe('Age at which an idle inbound connection is closed. `0s`: never.'),
	hold: integer(0, MAX_CONNECTIONS).prefault(1024).describe('Connections that wait while the app starts.'),
	holdFor: duration().prefault('30s').describe('How long they wait.'),
}).describe('What inbound connections may take.');

const shutdown = block({
	drain: duration().prefault('20s').describe('Longest time for requests in flight to finish.'),
	propagation: duration()
		.prefault('5s')
		.describe('Time for which new requests are still served after SIGTERM. SIGINT from a terminal skips it.'),
}).describe('What happens at SIGTERM.');

const oneWorker = z
	.preprocess((input) => (input === '1' ? 1 : input), z.literal(1))
	.register(fieldFacts, {
		noun: 'a number of workers',
		expected: '`1`',
		type: 'integer',
		isLaterValue: (value) => /^[1-9][0-9]{0,5}$/.test(typeof value === 'number' ? String(value) : '') && value !== 1,
	});

export const routeFileSchema = block(
	{
		app: appSchema,
		inbound: inboundSchema,
		outbound: outboundSchema.optional(),
		services: namedServices.prefault({}).describe('Whom rules and outbound requests may mean, by name.'),
		tls: tlsSchema.optional(),
		admin: block({ listen: listenAddress().prefault('127.0.0.1:9901').describe('Where the admin port listens.') })
			.prefault({})
			.describe('The admin port: dashboard, metrics, configuration.'),
		probes: block({ listen: listenAddress().describe('Where the probes listen.') })
			.optional()
			.describe(
				'A port with `/live`, `/ready`, `/started` and `/metrics` only, for kubelet and Prometheus. Default: none.',
			),
		telemetry: telemetrySchema.prefault({}),
		localReplies: word(['brief', 'verbose'])
			.prefault('brief')
			.describe('How much a response that the sidecar itself made tells callers that are not local.'),
		trustedHops: integer(0, MAX_HOPS)
			.prefault(0)
			.describe('How many proxies before this one may be believed about the client.'),
		workers: oneWorker.prefault(1).describe('Reserved: this version takes `1` only.'),
		passthrough: flag().prefault(false).describe('Break glass: forward bytes, apply no policy.'),
		shutdown: shutdown.prefault({}),
		limits: limits.prefault({}),
		tests: routeTests
			.prefault([])
			.describe('What is expected of the rules: run by `outrigger test` and before each reload.'),
		unstable: block({}, [], 'an empty mapping')
			.optional()
			.describe('Where keys stand that are not settled yet; none at present.'),
	},
	[],
	'a mapping with at least `app` and `inbound`',
);

export type RouteFile = z.output<typeof routeFileSchema>;
