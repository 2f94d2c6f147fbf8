import * as z from 'zod';
import { block, fieldFacts, word } from './field.ts';
import { listenAddress } from './listen.ts';
import { ruleSchema } from './rule.ts';
import { serviceSchema } from './service.ts';

/** Files are written by hand or by small programs; beyond this a mistake is more likely. */
const MAX_RULES = 20_000;

export const inboundSchema = block(
	{
		listen: listenAddress().describe('Where callers connect.'),
		unmatched: word(['app', 'reject'])
			.prefault('app')
			.describe('What becomes of requests that no rule matches: on to the app, or 404.'),
		routes: z
			.array(ruleSchema)
			.max(MAX_RULES)
			.register(fieldFacts, { noun: 'a list', expected: `a list of at most ${MAX_RULES} rules` })
			.prefault([])
			.describe('The rules. The most specific one wins, whatever the order.'),
		service: serviceSchema.prefault({}).describe('Policy towards the app.'),
	},
	['authorization'],
	'where callers connect, such as `inbound: { listen: 8000 }`',
).describe('From callers to the app.');
