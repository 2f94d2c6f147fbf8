import { authorization } from './authorization.ts';
import { block, word } from './field.ts';
import { listenAddress } from './listen.ts';
import { inboundRule, rulesOf } from './rule.ts';
import { appPolicy } from './service.ts';

export const inboundSchema = block(
	{
		listen: listenAddress().describe('Where callers connect.'),
		unmatched: word(['app', 'reject'])
			.prefault('app')
			.describe('What becomes of requests that no rule matches: on to the app, or 404.'),
		authorization: authorization
			.optional()
			.describe('Who may ask, before any rule; `authorization` of a rule comes after it. Default: everybody.'),
		routes: rulesOf(inboundRule).prefault([]).describe('The rules. The most specific one wins, whatever the order.'),
		service: appPolicy.prefault({}).describe('Policy towards the app.'),
	},
	[],
	'where callers connect, such as `inbound: { listen: 8000 }`',
).describe('From callers to the app.');
