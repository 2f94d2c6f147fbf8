/** What is told of a request is what came, not what the rule makes of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valuesOf } from '../support/wire-message.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

const https = 'X-Forwarded-Proto: https\r\n';

async function redirected(trustedHops: number, fields = https, more: object = {}): Promise<string> {
	const filters = [{ requestRedirect: { hostname: 'new.example', ...more } }];
	await fixture.start({ trustedHops, inbound: { routes: [{ filters }] } });
	const answer = await fixture.ask(`GET /a HTTP/1.1\r\nHost: old.example\r\n${fields}\r\n`);
	return valuesOf(answer, 'location').join();
}

describe('a redirect without a scheme', () => {
	it.each([
		[1, https, 'https://new.example/a'],
		[1, '', 'http://new.example/a'],
		[0, https, 'http://new.example/a'],
	])('with %i believed hops and %j leads to %s', async (hops, fields, location) => {
		expect(await redirected(hops, fields)).toBe(location);
	});

	it('goes by the scheme of the rule if it has one', async () => {
		expect(await redirected(1, https, { scheme: 'http' })).toBe('http://new.example/a');
	});
});

describe('the record', () => {
	it.each([
		['set', { set: { 'user-agent': 'ours' } }, ['ours']],
		['remove', { remove: ['user-agent'] }, []],
	])('has the user agent of the client, though the rule has edited it (%s)', async (_, requestHeaderModifier, sent) => {
		await fixture.start({ inbound: { routes: [{ filters: [{ requestHeaderModifier }] }] } });
		await fixture.ask('GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n\r\n');
		expect(fixture.origin.requests.flatMap((request) => valuesOf(request, 'user-agent'))).toEqual(sent);
		expect(await fixture.sidecar.waitForRecords(1)).toMatchObject([{ userAgent: 'curl/8' }]);
	});

	it('has none where only the rule has set one', async () => {
		const requestHeaderModifier = { set: { 'user-agent': 'ours' } };
		await fixture.start({ inbound: { routes: [{ filters: [{ requestHeaderModifier }] }] } });
		await fixture.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
		expect(await fixture.sidecar.waitForRecords(1)).toMatchObject([{ userAgent: '' }]);
	});
});
