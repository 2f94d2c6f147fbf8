import { describe, expect, it } from 'vitest';
import { applyForwarded, clientScheme, type ForwardedOptions, plainAddress } from '../../src/http/forwarded.ts';
import { RequestHead } from '../../src/http/head.ts';
import { type Field, SHAPES } from './parsed-headers.ts';

const PEER: ForwardedOptions = { peerAddress: '10.0.0.9', scheme: 'http', certificateElement: '', trustedHops: 0 };
const WEB = 'Hash=cd;Subject="CN=web";URI=spiffe://mesh.local/ns/shop/sa/web';

describe.each(SHAPES)('forwarded fields (%s)', (_shape, build) => {
	function run(fields: readonly Field[], options: Partial<ForwardedOptions> = {}, authority = 'orders:8000') {
		const head = Object.assign(new RequestHead(), { authority, headers: build(fields) });
		const client = applyForwarded(head, { ...PEER, ...options });
		return { client, of: (name: string) => head.headers.getAll(name) };
	}

	it('sets all of them on a request that has none', () => {
		const { client, of } = run([['host', 'orders:8000']]);
		expect(client).toBe('10.0.0.9');
		expect(of('x-forwarded-for')).toEqual(['10.0.0.9']);
		expect(of('x-forwarded-proto')).toEqual(['http']);
		expect(of('x-forwarded-host')).toEqual(['orders:8000']);
		expect(of('x-forwarded-client-cert')).toEqual([]);
	});

	it('appends the peer to what came, as one field in the order of the lines', () => {
		const { of } = run([
			['X-Forwarded-For', '1.1.1.1, 2.2.2.2'],
			['accept', '*/*'],
			['x-forwarded-for', ''],
			['x-forwarded-for', '3.3.3.3'],
		]);
		expect(of('x-forwarded-for')).toEqual(['1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9']);
		expect(of('accept')).toEqual(['*/*']);
		expect(run([['x-forwarded-for', '']]).of('x-forwarded-for')).toEqual(['10.0.0.9']);
	});

	it('keeps the scheme and host that an earlier proxy told', () => {
		const { of } = run([
			['x-forwarded-proto', 'https'],
			['x-forwarded-host', 'shop.example'],
		]);
		expect([of('x-forwarded-proto'), of('x-forwarded-host')]).toEqual([['https'], ['shop.example']]);
	});

	it('tells the scheme of the connection, and no host when there is none', () => {
		const { of } = run([], { scheme: 'https' }, '');
		expect([of('x-forwarded-proto'), of('x-forwarded-host')]).toEqual([['https'], []]);
	});

	it('writes an IPv4 peer of a dual-stack socket as IPv4', () => {
		const { client, of } = run([], { peerAddress: '::ffff:10.0.0.9' });
		expect([client, of('x-forwarded-for')]).toEqual(['10.0.0.9', ['10.0.0.9']]);
	});

	it('removes a client certificate that nobody verified', () => {
		const { of } = run([
			['x-forwarded-client-cert', WEB],
			['X-Forwarded-Client-Cert', 'By=x'],
		]);
		expect(of('x-forwarded-client-cert')).toEqual([]);
	});

	it('appends the verified peer to the certificates that came', () => {
		const verified = { certificateElement: WEB };
		expect(run([], verified).of('x-forwarded-client-cert')).toEqual([WEB]);
		const { of } = run([['x-forwarded-client-cert', 'Hash=ab']], verified);
		expect(of('x-forwarded-client-cert')).toEqual([`Hash=ab,${WEB}`]);
		const two = run(
			[
				['x-forwarded-client-cert', 'Hash=ab'],
				['X-Forwarded-Client-Cert', 'Hash=bc'],
			],
			verified,
		);
		expect(two.of('x-forwarded-client-cert')).toEqual([`Hash=ab, Hash=bc,${WEB}`]);
		expect(run([['x-forwarded-client-cert', '']], verified).of('x-forwarded-client-cert')).toEqual([WEB]);
	});

	it.each<[number, string, string]>([
		[0, '1.1.1.1, 2.2.2.2', '10.0.0.9'],
		[1, '1.1.1.1, 2.2.2.2', '2.2.2.2'],
		[2, '1.1.1.1, 2.2.2.2', '1.1.1.1'],
		[3, '1.1.1.1, 2.2.2.2', '1.1.1.1'],
		[1, '1.1.1.1', '1.1.1.1'],
		[9, '1.1.1.1', '1.1.1.1'],
		[1, '1.1.1.1,2.2.2.2:4711', '2.2.2.2'],
		[1, '[2001:db8::1]:443', '2001:db8::1'],
		[1, '2001:db8::1', '2001:db8::1'],
		[1, '::ffff:9.9.9.9', '9.9.9.9'],
		[1, 'unknown', '10.0.0.9'],
		[1, '1.1.1.1,', '10.0.0.9'],
		[2, ',2.2.2.2', '10.0.0.9'],
		[3, ',', '10.0.0.9'],
		[1, '<script>', '10.0.0.9'],
		[1, '', '10.0.0.9'],
	])('with %d believed hops takes of %j the client %s', (trustedHops, list, client) => {
		const result = run([['x-forwarded-for', list]], { trustedHops });
		expect(result.client).toBe(client);
		expect(result.of('x-forwarded-for')).toEqual([list === '' ? '10.0.0.9' : `${list}, 10.0.0.9`]);
	});

	it('takes the peer for the client when believed hops said nothing', () => {
		expect(run([], { trustedHops: 2 }).client).toBe('10.0.0.9');
	});
});

describe('plain address', () => {
	it.each([
		['::ffff:127.0.0.1', '127.0.0.1'],
		['::ffff:7f00:1', '::ffff:7f00:1'],
		['::1', '::1'],
		['10.0.0.1', '10.0.0.1'],
		['', ''],
	])('%j is %j', (address, plain) => {
		expect(plainAddress(address)).toBe(plain);
	});
});

describe.each(SHAPES)('the scheme of the client (%s)', (_shape, build) => {
	it.each([
		[0, ['https'], 'http'],
		[1, ['https'], 'https'],
		[1, ['HTTPS'], 'https'],
		[1, ['http'], 'http'],
		[1, [], 'http'],
		[1, [''], 'http'],
		[1, ['wss'], 'http'],
		[1, ['http, https'], 'https'],
		[1, ['https, http'], 'http'],
		[1, ['https', 'http'], 'http'],
		[2, ['https, http'], 'https'],
		[3, ['https, http'], 'https'],
		[2, ['https'], 'https'],
	] as const)('with %i believed hops and %j is %s', (trustedHops, told, scheme) => {
		const headers = build(told.map((value) => ['X-Forwarded-Proto', value] as const));
		expect(clientScheme(headers, 'http', trustedHops)).toBe(scheme);
	});
});
