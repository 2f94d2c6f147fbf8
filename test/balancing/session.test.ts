import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sessions } from '../../src/balancing/session.ts';
import type { SessionPersistence } from '../../src/config/config.ts';
import { HeaderList } from '../../src/http/header-list.ts';
import { addedHeaders, type Field, SHAPES } from '../http/parsed-headers.ts';

interface Pod {
	readonly backend: string;
	readonly address: string;
	readonly weight: number;
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const pod = (address: string, backend = 'cart', weight = 1): Pod => ({ address, backend, weight });
const one = pod('10.0.0.1:8080');
const two = pod('10.0.0.2:8080');
const old = pod('10.0.0.3:8080', 'cart-v1', 0);

function sessionsOf(
	settings: Partial<SessionPersistence> = {},
	pods: readonly Pod[] = [one, two, old],
	scope = 'cart',
) {
	const full: SessionPersistence = {
		type: 'Cookie',
		sessionName: 'sid',
		absoluteTimeout: 0,
		isPermanent: false,
		...settings,
	};
	const endpoints = pods.map((value) => ({ backend: value.backend, address: value.address, value }));
	return new Sessions(full, scope, endpoints, digest);
}

/** What `keep` adds to a response. */
function kept(
	sessions: Sessions<Pod>,
	answered: Pod,
	carried: Pod | null = null,
	isSecure = false,
	now = NOW,
): Field[] {
	const response = new HeaderList();
	sessions.keep(response, answered, carried, isSecure, now);
	const fields: Field[] = [];
	response.forEach((name, value) => {
		fields.push([name, value]);
	});
	return fields;
}

function tokenOf(sessions: Sessions<Pod>, answered: Pod, now = NOW): string {
	const [field] = kept(sessions, answered, null, false, now);
	return /^(?:sid=)?([^;]*)/.exec(field?.[1] ?? '')?.[1] ?? '';
}

const cookies = (...lines: readonly string[]) => addedHeaders(lines.map((line) => ['cookie', line]));

describe('session persistence', () => {
	it('brings a client back to the endpoint that answered it, in any replica', () => {
		const token = tokenOf(sessionsOf(), two);
		const replica = sessionsOf({}, [old, pod('10.0.0.9:8080'), two, one]);
		expect(replica.find(cookies(`sid=${token}`), NOW)).toBe(two);
	});

	it('says nothing of where the endpoint is', () => {
		const [field] = kept(sessionsOf(), one);
		expect(field).toEqual([
			'set-cookie',
			expect.stringMatching(/^sid=[A-Za-z0-9_-]{16}; Path=\/; HttpOnly; SameSite=Lax$/),
		]);
		expect(tokenOf(sessionsOf(), one)).not.toBe(tokenOf(sessionsOf(), two));
	});

	it('gives a token once, and another one where another endpoint had to answer', () => {
		const sessions = sessionsOf();
		expect(kept(sessions, one, one)).toEqual([]);
		expect(kept(sessions, two, one)).toHaveLength(1);
		expect(kept(sessions, pod('10.0.0.9:8080'), null)).toEqual([]);
	});

	it('begins a new session where the endpoint is gone or the token is junk', () => {
		const token = tokenOf(sessionsOf(), two);
		const without = sessionsOf({}, [one]);
		for (const cookie of [`sid=${token}`, 'sid=', 'sid=junk', 'sid=.', 'other=1', `SID=${token}`]) {
			expect(without.find(cookies(cookie), NOW)).toBeNull();
		}
		expect(without.find(new HeaderList(), NOW)).toBeNull();
	});

	it('keeps the sessions of a backend whose weight has become 0', () => {
		const sessions = sessionsOf();
		expect(sessions.find(cookies(`sid=${tokenOf(sessions, old)}`), NOW)).toBe(old);
	});

	it('is not shared between rules, nor between backends with the same endpoint', () => {
		const token = tokenOf(sessionsOf(), one);
		expect(sessionsOf({}, [one, two], 'checkout').find(cookies(`sid=${token}`), NOW)).toBeNull();
		const both = [one, pod(one.address, 'cart/canary')];
		const sessions = sessionsOf({}, both);
		for (const each of both) expect(sessions.find(cookies(`sid=${tokenOf(sessions, each)}`), NOW)).toBe(each);
	});

	it.each(SHAPES)('finds the cookie among others, in whatever line and quotes (%s)', (_, headersOf) => {
		const sessions = sessionsOf();
		const token = tokenOf(sessions, two);
		const lines = (...values: readonly string[]) => headersOf(values.map((value) => ['Cookie', value]));
		expect(sessions.find(lines(`a=1; sid=${token}; b=2`), NOW)).toBe(two);
		expect(sessions.find(lines('a=1', 'b=2; c=3', `d=4; sid=${token}`), NOW)).toBe(two);
		expect(sessions.find(lines(`sid="${token}"`), NOW)).toBe(two);
		expect(sessions.find(lines(`sid=stale; sid=${token}`), NOW)).toBe(two);
		expect(sessions.find(lines('sid=stale', `sid=${token}`), NOW)).toBe(two);
		expect(sessions.find(lines(`xsid=${token}; sidx=${token}; a=sid=${token}`), NOW)).toBeNull();
	});

	it('asks for TLS only where there was TLS', () => {
		expect(kept(sessionsOf(), one, null, true)[0]?.[1]).toMatch(/; SameSite=Lax; Secure$/);
	});

	it('writes a lifetime into permanent cookies alone', () => {
		const timeout = { absoluteTimeout: 5 * MINUTE };
		expect(kept(sessionsOf({ ...timeout, isPermanent: true }), one)[0]?.[1]).toContain('; Max-Age=300;');
		expect(kept(sessionsOf(timeout), one)[0]?.[1]).not.toMatch(/Max-Age|Expires/);
		expect(kept(sessionsOf({ absoluteTimeout: 1500, isPermanent: true }), one)[0]?.[1]).toContain('; Max-Age=2;');
	});

	it.each([true, false])('ends when its time is over, whatever the client keeps (permanent: %s)', (isPermanent) => {
		const sessions = sessionsOf({ absoluteTimeout: MINUTE, isPermanent });
		const carried = cookies(`sid=${tokenOf(sessions, one)}`);
		expect([0, MINUTE - 1, MINUTE, 10 * MINUTE].map((later) => sessions.find(carried, NOW + later))).toEqual([
			one,
			one,
			null,
			null,
		]);
		expect(tokenOf(sessions, one, NOW + MINUTE)).not.toBe(tokenOf(sessions, one));
	});

	it('allows for clocks that differ, and not for times that are made up', () => {
		const sessions = sessionsOf({ absoluteTimeout: MINUTE });
		const issuedAt = (time: number) => cookies(`sid=${tokenOf(sessions, one, time)}`);
		expect(sessions.find(issuedAt(NOW + MINUTE), NOW)).toBe(one);
		expect(sessions.find(issuedAt(NOW + MINUTE + 1), NOW)).toBeNull();
		const [name] = tokenOf(sessions, one).split('.');
		for (const time of ['', '.', '.-1', '.zzzzzzzzz', '.zzzzzzzzzz', '.1e9', '.NaN', '. 1', '.0x1']) {
			expect(sessions.find(cookies(`sid=${name}${time}`), NOW)).toBeNull();
		}
	});

	it('goes on when the time-out is taken out of the file, and begins anew when one comes in', () => {
		const timed = sessionsOf({ absoluteTimeout: MINUTE });
		expect(sessionsOf().find(cookies(`sid=${tokenOf(timed, one)}`), NOW)).toBe(one);
		expect(timed.find(cookies(`sid=${tokenOf(sessionsOf(), one)}`), NOW)).toBeNull();
	});

	it.each(SHAPES)('uses a field instead of a cookie where the rule says so (%s)', (_, headersOf) => {
		const sessions = sessionsOf({ type: 'Header', sessionName: 'X-Session', absoluteTimeout: MINUTE });
		const [field] = kept(sessions, two);
		expect(field?.[0]).toBe('X-Session');
		expect(sessions.find(headersOf([['x-session', field?.[1] ?? '']]), NOW)).toBe(two);
		expect(sessions.find(headersOf([['cookie', `X-Session=${field?.[1]}`]]), NOW)).toBeNull();
	});

	it("replaces the app's own field of that name, and leaves its cookies alone", () => {
		const response = addedHeaders([
			['x-session', 'of the app'],
			['set-cookie', 'a=1'],
		]);
		sessionsOf({ type: 'Header', sessionName: 'X-Session' }).keep(response, one, null, false, NOW);
		sessionsOf().keep(response, one, null, false, NOW);
		expect(response.getAll('x-session')).toEqual([tokenOf(sessionsOf(), one)]);
		expect(response.getAll('set-cookie')).toEqual(['a=1', expect.stringMatching(/^sid=/)]);
	});

	it('leads to the endpoint that gave the token, and to no other, whatever the endpoints', () => {
		const address = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`);
		const pods = fc.uniqueArray(address, { minLength: 1, maxLength: 20 }).map((all) => all.map((each) => pod(each)));
		fc.assert(
			fc.property(pods, fc.nat(), fc.nat(), fc.nat(2 * MINUTE), (all, which, gone, later) => {
				const answered = all[which % all.length] ?? one;
				const token = tokenOf(sessionsOf({ absoluteTimeout: MINUTE }, all), answered);
				expect(token).not.toContain(answered.address);
				const left = all.filter((_, index) => index !== gone % all.length);
				const expected = left.includes(answered) && later < MINUTE ? answered : null;
				expect(sessionsOf({ absoluteTimeout: MINUTE }, left.reverse()).find(cookies(`sid=${token}`), NOW + later)).toBe(
					expected,
				);
			}),
		);
	});
});
