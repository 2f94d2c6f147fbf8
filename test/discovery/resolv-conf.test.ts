import { describe, expect, it } from 'vitest';
import { parseHosts } from '../../src/discovery/hosts-file.ts';
import { candidateNames, parseResolvConf } from '../../src/discovery/resolv-conf.ts';

describe('resolv.conf', () => {
	it('is read as in a pod of Kubernetes', () => {
		const text =
			'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';
		expect(parseResolvConf(text)).toEqual({
			servers: ['10.96.0.10'],
			search: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
			ndots: 5,
		});
	});

	it.each([
		['', ['127.0.0.1']],
		['nameserver 127.0.0.1:5353', ['127.0.0.1:5353']],
		['nameserver [::1]:5353', ['[::1]:5353']],
		['nameserver fe80::1%eth0', ['fe80::1%eth0']],
		['  nameserver\t::1  ', ['::1']],
		['nameserver dns.example\nnameserver 127.0.0.1:0\nnameserver 127.0.0.1:65536\nnameserver ::1:x', ['127.0.0.1']],
		['#nameserver 10.0.0.1\n; nameserver 10.0.0.2\nnameserver 10.0.0.3', ['10.0.0.3']],
		[
			'nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4',
			['10.0.0.1', '10.0.0.2', '10.0.0.3'],
		],
	])('%j names the servers %j', (text, servers) => {
		expect(parseResolvConf(text).servers).toEqual(servers);
	});

	it.each([
		['search a. b', ['a', 'b']],
		['domain a', ['a']],
		['domain a\nsearch b c', ['b', 'c']],
		['search b c\ndomain a', ['a']],
		['search .', ['']],
	])('%j has short names tried in %j', (text, search) => {
		expect(parseResolvConf(text).search).toEqual(search);
	});

	it.each([
		['', 1],
		['options ndots:0', 0],
		['options rotate ndots:2 timeout:1\noptions ndots:3', 3],
		['options ndots:99', 15],
		['options ndots:x', 1],
	])('%j takes %i dots for a whole name', (text, ndots) => {
		expect(parseResolvConf(text).ndots).toBe(ndots);
	});

	it.each([
		['a', 1, ['a.x', 'a.y', 'a']],
		['a.b', 1, ['a.b', 'a.b.x', 'a.b.y']],
		['a.b', 2, ['a.b.x', 'a.b.y', 'a.b']],
		['a', 0, ['a', 'a.x', 'a.y']],
		['a.', 5, ['a']],
	])('%s with ndots %i is tried as %j', (name, ndots, names) => {
		expect(candidateNames(name, { search: ['x', 'y'], ndots })).toEqual(names);
	});

	it('with the root in the search list tries no name twice', () => {
		expect(candidateNames('a', { search: ['', 'x'], ndots: 1 })).toEqual(['a', 'a.x']);
	});
});

describe('the hosts file', () => {
	it('gives a name the addresses of all of its lines', () => {
		const hosts = parseHosts(
			'127.0.0.1 localhost Db # local\n::1 localhost\n# 1.1.1.1 db\nnot-an-address db\n10.0.0.1 db\n',
		);
		expect(Object.fromEntries(hosts)).toEqual({ localhost: ['127.0.0.1', '::1'], db: ['127.0.0.1', '10.0.0.1'] });
	});
});
