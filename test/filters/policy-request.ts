/** A request as filters see it, with nothing but defaults, for tests that look at one part of it. */
import type { FilteredRequest } from '../../src/filters/filter.ts';
import { RequestHead } from '../../src/http/head.ts';
import { type Field, parsedHeaders } from '../http/parsed-headers.ts';
import { ruleOf } from '../support/rule.ts';
import { SeededRandom } from '../support/seeded-random.ts';

export function requestOf(parts: Partial<FilteredRequest> = {}, fields: readonly Field[] = []): FilteredRequest {
	const [match] = ruleOf().matches;
	if (match === undefined) throw new Error('the default rule has a match');
	return {
		head: Object.assign(new RequestHead(), { headers: parsedHeaders(fields) }),
		match,
		scheme: 'http',
		authority: 'orders.shop.svc',
		listenerPort: 8000,
		peerAddress: '10.0.0.9',
		principal: '',
		clientAddress: '10.0.0.9',
		random: new SeededRandom(1),
		now: () => 0,
		...parts,
	};
}
