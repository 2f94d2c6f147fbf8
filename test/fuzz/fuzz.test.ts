import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { Campaign } from './campaign.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { runLlhttp } from './llhttp.ts';
import { DIFFERENT, LAXER, STRICTER } from './reasons.ts';

const SEED = 20260101;
/** About three seconds; a longer run is `npm run fuzz`. */
const INPUTS = 25_000;

const request = (bytes: string) => ({ bytes, answers: null, ended: false });

describe('the fuzzer', () => {
	it('finds no unexplained disagreement with llhttp', () => {
		const campaign = new Campaign(SEED);
		for (let i = 0; i < INPUTS; i++) campaign.step(() => performance.now());
		expect([...campaign.failures.values()]).toEqual([]);
	});

	it('makes the same inputs from the same seed', () => {
		const run = () => {
			const campaign = new Campaign(7);
			for (let i = 0; i < 200; i++) campaign.step(() => 0);
			return campaign.summary();
		};
		expect(run()).toBe(run());
	});

	it('would notice: a verdict that llhttp does not share, without a reason for it', () => {
		const outcome = check(request('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), new SeededRandom(1));
		expect(outcome.kind).toBe('agree');
		const theirs = runLlhttp(Buffer.from('GET /other HTTP/1.1\r\nHost: a\r\n\r\n'), null, false);
		const message = {
			head: [],
			method: 'GET',
			target: '/',
			status: 0,
			fields: [['Host', 'a']] as [string, string][],
			body: '',
			trailers: [],
			isComplete: true,
			isTunnel: false,
		};
		const ours = { messages: [message], error: null, rest: '', state: 'idle' as const };
		expect(compare(ours, theirs, '')).toEqual({ kind: 'failure', what: 'another target' });
		expect(compare({ ...ours, messages: [] }, theirs, '').kind).toBe('failure');
		expect(compare(ours, { messages: [], error: 'Invalid something' }, '').kind).toBe('failure');
	});

	it('names a section of an RFC for every reason, and no reason twice', () => {
		const reasons = [...STRICTER, ...LAXER, ...DIFFERENT];
		expect(reasons.filter((reason) => !/^RFC \d{4} §\d/.test(reason.rfc))).toEqual([]);
		expect(new Set(reasons.map((reason) => reason.name)).size).toBe(reasons.length);
	});
});
