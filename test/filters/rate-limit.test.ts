import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit, RateLimitKey } from '../../src/config/config.ts';
import { ProxyError } from '../../src/error.ts';
import type { FilteredRequest, Verdict } from '../../src/filters/filter.ts';
import { RateLimitFilter } from '../../src/filters/rate-limit.ts';
import type { Field } from '../http/parsed-headers.ts';
import { requestOf } from './policy-request.ts';

const digest = (text: string) => `${text.length}:${text.slice(-8)}`;

function filterOf(by: readonly RateLimitKey[], limit: Partial<RateLimit> = {}): RateLimitFilter {
	return new RateLimitFilter({ requests: 1, per: 10_000, burst: 0, by, ...limit }, digest);
}

/** Which of several requests, at the same time, get through. */
function passed(filter: RateLimitFilter, requests: readonly FilteredRequest[]): boolean[] {
	return requests.map((request) => filter.onRequest(request) === null);
}

function refusalOf(verdict: Verdict): ProxyError {
	if (!(verdict instanceof ProxyError)) throw new Error('not refused');
	return verdict;
}

const apiKey: RateLimitKey = { by: 'header', name: 'x-api-key' };
const withKey = (value: string, ...more: readonly Field[]) => requestOf({}, [['X-Api-Key', value], ...more]);

describe('rate limit', () => {
	it('counts all requests of a rule together when it is not told by what', () => {
		const requests = [requestOf({ clientAddress: '10.0.0.1' }), requestOf({ clientAddress: '10.0.0.2' })];
		expect(passed(filterOf([]), requests)).toEqual([true, false]);
	});

	it('refuses with 429 and the seconds until the next token, rounded up', () => {
		const filter = filterOf([], { requests: 4, per: 10_000 });
		for (let i = 0; i < 4; i++) expect(filter.onRequest(requestOf())).toBeNull();
		const refusal = refusalOf(filter.onRequest(requestOf()));
		expect([refusal.code, refusal.status, refusal.flag, refusal.retryAfterSeconds]).toEqual([
			'rate_limited',
			429,
			'RL',
			3,
		]);
		expect(refusalOf(filter.onRequest(requestOf({ now: () => 2499 }))).retryAfterSeconds).toBe(1);
		expect(filter.onRequest(requestOf({ now: () => 2500 }))).toBeNull();
	});

	it('lets the burst through as well', () => {
		const requests = new Array<FilteredRequest>(4).fill(requestOf());
		expect(passed(filterOf([], { burst: 2 }), requests)).toEqual([true, true, true, false]);
	});

	it('knows a peer by its identity, else by its address', () => {
		const requests = [
			requestOf({ principal: 'spiffe://mesh/a', peerAddress: '10.0.0.1' }),
			requestOf({ principal: 'spiffe://mesh/a', peerAddress: '10.0.0.2' }),
			requestOf({ principal: 'spiffe://mesh/b', peerAddress: '10.0.0.1' }),
			requestOf({ peerAddress: '10.0.0.1' }),
			requestOf({ peerAddress: '10.0.0.1', clientAddress: '192.0.2.1' }),
			requestOf({ peerAddress: '10.0.0.2' }),
		];
		expect(passed(filterOf([{ by: 'peer' }]), requests)).toEqual([true, false, true, true, false, true]);
	});

	it('knows a client by its address, whoever brought its request', () => {
		const requests = [
			requestOf({ clientAddress: '192.0.2.1', peerAddress: '10.0.0.1' }),
			requestOf({ clientAddress: '192.0.2.1', peerAddress: '10.0.0.2' }),
			requestOf({ clientAddress: '192.0.2.2', peerAddress: '10.0.0.1' }),
		];
		expect(passed(filterOf([{ by: 'client' }]), requests)).toEqual([true, false, true]);
	});

	it('counts by the value of a field, and those without it together', () => {
		const requests = [withKey('a'), withKey('a'), withKey('b'), requestOf(), requestOf(), withKey('')];
		expect(passed(filterOf([apiKey]), requests)).toEqual([true, false, true, true, false, false]);
	});

	it('opens no other bucket for a second field of the name', () => {
		const requests = [withKey('a'), withKey('a', ['x-api-key', 'junk 1']), withKey('a', ['x-api-key', 'junk 2'])];
		expect(passed(filterOf([apiKey]), requests)).toEqual([true, false, false]);
	});

	it('counts several keys together by all of them', () => {
		const filter = filterOf([{ by: 'client' }, apiKey]);
		const of = (clientAddress: string, value: string) => requestOf({ clientAddress }, [['x-api-key', value]]);
		const requests = [of('192.0.2.1', 'a'), of('192.0.2.1', 'b'), of('192.0.2.2', 'a'), of('192.0.2.1', 'a')];
		expect(passed(filter, requests)).toEqual([true, true, true, false]);
	});

	it('never takes one pair of values for another', () => {
		const other: RateLimitKey = { by: 'header', name: 'x-tenant' };
		const value = fc.string({ unit: fc.constantFrom('a', ',', ' ', '|', ':', '"', '\\', 'é'), maxLength: 100 });
		fc.assert(
			fc.property(fc.uniqueArray(fc.tuple(value, value), { selector: String, maxLength: 6 }), (pairs) => {
				const trimmed = pairs.map(([a, b]) => [a.trim(), b.trim()] as const);
				const distinct = new Set(trimmed.map((pair) => JSON.stringify(pair)));
				const filter = new RateLimitFilter({ requests: 1, per: 1000, burst: 0, by: [apiKey, other] }, (text) =>
					Buffer.from(text, 'latin1').toString('hex'),
				);
				const requests = trimmed.map(([a, b]) => withKey(a, ['x-tenant', b]));
				expect(passed(filter, requests).filter(Boolean)).toHaveLength(distinct.size);
			}),
		);
	});

	it('says which limit it was, and nothing of what the caller sent', () => {
		const limit: RateLimit = { requests: 1, per: 60_000, burst: 0, by: [{ by: 'peer' }, apiKey] };
		const filter = new RateLimitFilter(limit, digest);
		filter.onRequest(withKey('secret'));
		const { detail } = refusalOf(filter.onRequest(withKey('secret')));
		expect(detail).toBe(
			"over the rule's rateLimit of { requests: 1, per: 1m, burst: 0, by: [peer, header x-api-key] }",
		);
	});

	it('tells long values apart by their digest', () => {
		const long = (end: string) => withKey(`${'x'.repeat(5000)}${end}`);
		const requests = [long('00000001'), long('00000002'), long('00000001')];
		expect(passed(filterOf([apiKey]), requests)).toEqual([true, true, false]);
	});

	it('does not keep the heads of the requests whose values it counts by', () => {
		setFlagsFromString('--expose-gc');
		const collect = runInNewContext('gc') as () => void;
		const filter = filterOf([apiKey]);
		const heads = 500;
		const headChars = 60_000;
		collect();
		const before = process.memoryUsage().heapUsed;
		for (let i = 0; i < heads; i++)
			filter.onRequest(withKey(`a-key-of-some-length-${i}`, ['x-pad', 'p'.repeat(headChars)]));
		collect();
		// All heads together are ten times as much.
		expect(process.memoryUsage().heapUsed - before).toBeLessThan((heads * headChars) / 10);
		expect(filter.onRequest(withKey('a-key-of-some-length-7'))).not.toBeNull();
	});
});
