import { isLoopback } from '../addresses.ts';
import { block, EVEN_WITH_ISSUES, fault, flag, word } from './field.ts';
import { listenAddress } from './listen.ts';
import { outboundRule, rulesOf } from './rule.ts';

export const outboundDeadlines = block({
	inherit: word(['explicit', 'always', 'off'])
		.prefault('explicit')
		.describe(
			'Whether a call of the app ends with the deadline of the request that it is made for: if one was stated, always, or never.',
		),
	cancel: word(['safe', 'always', 'off'])
		.prefault('safe')
		.describe('Which calls end when the client of that request has left: GET and HEAD, all, or none.'),
});

export const outboundSchema = block(
	{
		listen: listenAddress().describe('Where the app sends what it asks of others; also as its HTTP proxy.'),
		unknownHosts: word(['passthrough', 'reject'])
			.prefault('passthrough')
			.describe('What becomes of requests to hosts that no service lists and no rule names: on to that host, or 502.'),
		open: flag()
			.prefault(false)
			.describe('Whether others than this machine may call through it, with `listen` on an address that they reach.'),
		deadlines: outboundDeadlines
			.prefault({})
			.describe('What a call of the app takes over from the request that it is made for.'),
		routes: rulesOf(outboundRule)
			.prefault([])
			.describe(
				'The rules. The most specific one wins, whatever the order. Default: by host to the service that lists it.',
			),
	},
	[],
	'where the app calls through, such as `outbound: { listen: 127.0.0.1:15001 }`',
)
	.superRefine(({ listen, open }, context) => {
		// An address that is not valid is told as that.
		if (open === true || typeof listen?.host !== 'string' || 'intercepted' in listen) return;
		if (isLoopback(listen.host)) return;
		const expected = 'a loopback address such as `127.0.0.1:15001`, or `open: true`';
		const message = 'is no loopback address: whoever reaches it can call through it';
		context.addIssue(fault(listen, message, { expected, path: ['listen'] }));
	}, EVEN_WITH_ISSUES)
	.describe('From the app to others. Default: none.');
