import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceNetworks } from '../../src/filters/source-networks.ts';

function networks(...texts: readonly string[]): SourceNetworks {
	return new SourceNetworks(
		texts.map((text) => {
			const [address = '', bits = ''] = text.split('/');
			return { address, bits: Number(bits) };
		}),
	);
}

describe('networks', () => {
	it.each<[string, string, boolean]>([
		['10.0.0.0/8', '10.255.0.1', true],
		['10.0.0.0/8', '11.0.0.1', false],
		['10.1.2.3/8', '10.255.0.1', true],
		['10.1.2.3/32', '10.1.2.3', true],
		['10.1.2.3/32', '10.1.2.2', false],
		['0.0.0.0/0', '255.255.255.255', true],
		['0.0.0.0/0', '::1', false],
		['192.168.0.0/16', '192.168.3.4', true],
		['10.0.0.0/8', '::ffff:10.0.0.1', true],
		['10.0.0.0/8', '::ffff:a00:1', true],
		['10.0.0.0/8', '::ffff:0b00:1', false],
		['::ffff:10.0.0.0/104', '10.3.4.5', true],
		['::ffff:10.0.0.0/104', '::ffff:10.3.4.5', true],
		['::ffff:0:0/96', '1.2.3.4', true],
		['::ffff:0:0/90', '1.2.3.4', false],
		['::/0', '2001:db8::1', true],
		['::/0', '10.0.0.1', false],
		['2001:db8::/32', '2001:db8:1::1', true],
		['2001:db8::/32', '2001:db9::1', false],
		['2001:db8::8000:0:0:0/65', '2001:db8::8000:0:0:1', true],
		['2001:db8::8000:0:0:0/65', '2001:db8::1', false],
		['fe80::/10', 'fe80::1%eth0', true],
		['::1/128', '::1', true],
		['::1/128', '0:0:0:0:0:0:0:1', true],
		['::1/128', '127.0.0.1', false],
		['64:ff9b::/96', '64:ff9b::192.0.2.1', true],
	])('%s has %s: %j', (network, address, expected) => {
		expect(networks(network).has(address, !expected)).toBe(expected);
	});

	it.each([
		'',
		'x',
		'1.2.3',
		'1.2.3.4.5',
		'1.2.3.256',
		'1.2.3.4 ',
		':',
		':1',
		'1:',
		':::',
		'1::2::3',
		'1:2:3:4:5:6:7',
		'::g',
		'::1.2.3',
		'1.2.3.4::',
		'1:2:3:4:5:6:7:8:9',
		'::12345',
		'/run/app.sock',
	])('cannot tell for %j, which is no address', (text) => {
		expect([networks('0.0.0.0/0', '::/0').has(text, true), networks('0.0.0.0/0', '::/0').has(text, false)]).toEqual([
			true,
			false,
		]);
	});

	it('agree with those of Node.js', () => {
		const v4 = fc.ipV4();
		const v6 = fc.oneof(
			fc.ipV6(),
			fc.ipV4().map((text) => `::ffff:${text}`),
		);
		const network = fc.oneof(
			fc.tuple(v4, fc.integer({ min: 0, max: 32 })),
			fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
		);
		fc.assert(
			fc.property(fc.array(network, { maxLength: 5 }), fc.oneof(v4, v6), fc.nat(128), (all, address, near) => {
				const list = new BlockList();
				for (const [text, bits] of all) list.addSubnet(text, bits, isIP(text) === 6 ? 'ipv6' : 'ipv4');
				// A network that is likely to have it, or to miss it by a bit.
				const bits = isIP(address) === 6 ? near : Math.min(32, near);
				list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
				for (const asked of [address, ...all.map(([text]) => text)]) {
					const ours = new SourceNetworks(
						[...all, [address, bits] as const].map(([text, of]) => ({ address: text, bits: of })),
					);
					// Node.js takes a mapped address for IPv6 where it is asked as such; the plain one is the same to us.
					const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(asked)?.[1];
					const theirs = list.check(asked, isIP(asked) === 6 ? 'ipv6' : 'ipv4');
					if (plain === undefined) expect(ours.has(asked, !theirs)).toBe(theirs);
					else expect(ours.has(asked, false)).toBe(ours.has(plain, false));
				}
			}),
		);
	});
});
