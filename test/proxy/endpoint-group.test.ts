/** Who else there is besides the endpoints that have a request already. */
import { describe, expect, it } from 'vitest';
import type { LoadBalancerPolicy } from '../../src/config/service-config.ts';
import type { UpstreamPool } from '../../src/ports/stream.ts';
import { Endpoint } from '../../src/proxy/endpoint.ts';
import { EndpointGroup } from '../../src/proxy/endpoint-group.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const POOL: UpstreamPool = {
	acquire: () => null,
	cancel: () => undefined,
};

const ROUND_ROBIN: LoadBalancerPolicy = {
	policy: 'roundRobin',
	hash: { by: 'sourceIp' },
	slowStart: 0,
	zone: 'prefer',
};

interface Member {
	readonly weight?: number;
	readonly isUnwell?: boolean;
	readonly zone?: string;
}

/** Endpoints `0`, `1`, … */
function groupOf(members: readonly Member[], zone = ''): EndpointGroup {
	const group = new EndpointGroup(ROUND_ROBIN, zone);
	const endpoints = members.map(({ weight = 1, isUnwell = false, zone: its = '' }, index) => {
		const endpoint = new Endpoint({ address: String(index), weight, zone: its, labels: {}, pool: POOL });
		endpoint.isUnwell = isUnwell;
		endpoint.judge(0);
		return endpoint;
	});
	group.follow(endpoints, 0);
	return group;
}

/** All that `anyOther` names in many draws; `hasOther` must agree. */
function others(group: EndpointGroup, taken: readonly string[]): string[] {
	const random = new SeededRandom(1);
	const names = Array.from({ length: 200 }, () => group.anyOther(random, taken)?.address ?? 'none');
	const distinct = [...new Set(names)].sort();
	expect(group.hasOther(taken)).toBe(!distinct.includes('none'));
	return distinct;
}

describe('the other endpoints of a group', () => {
	it.each<[string, EndpointGroup, string[], string[]]>([
		['are all that are not taken', groupOf([{}, {}, {}, {}]), ['1'], ['0', '2', '3']],
		['are none where all are taken', groupOf([{}, {}]), ['0', '1'], ['none']],
		['are none where nobody is', groupOf([]), [], ['none']],
		['are not the unwell', groupOf([{}, { isUnwell: true }, {}]), ['0'], ['2']],
		['are the unwell where nobody is well', groupOf([{ isUnwell: true }, { isUnwell: true }]), ['0'], ['1']],
		['are not those of weight 0', groupOf([{}, { weight: 0 }, {}]), ['0'], ['2']],
	])('%s', (_title, group, taken, expected) => {
		expect(others(group, taken)).toEqual(expected);
	});

	it('are not in another zone while their own takes all', () => {
		const members = [{ zone: 'a' }, { zone: 'b' }, { zone: 'a' }, { zone: 'b' }];
		expect(others(groupOf(members, 'a'), ['0'])).toEqual(['2']);
	});

	it('are asked for without a turn being taken', () => {
		const group = groupOf([{}, {}]);
		const random = new SeededRandom(1);
		const names = Array.from({ length: 4 }, () => {
			group.hasOther(['0']);
			return group.pick(random, null, 0, 0)?.address;
		});
		expect(names).toEqual(names[0] === '0' ? ['0', '1', '0', '1'] : ['1', '0', '1', '0']);
	});
});

describe('the plan of a group', () => {
	const endpointsOf = (...addresses: string[]) =>
		addresses.map((address) => new Endpoint({ address, weight: 1, labels: {}, pool: POOL }));
	const planOf = (group: EndpointGroup, endpoints: readonly Endpoint[]) => {
		const slices = group.plan(endpoints, 0);
		let slice = slices.next();
		while (slice.done !== true) slice = slices.next();
		return slice.value;
	};
	const picksOf = (group: EndpointGroup, count: number) => {
		const random = new SeededRandom(1);
		return Array.from({ length: count }, () => group.pick(random, null, 0, 0)?.address);
	};

	it('changes nothing before it is adopted', () => {
		const group = groupOf([{}, {}]);
		const { endpoints, version } = group;
		const plan = planOf(group, endpointsOf('x'));
		expect({ endpoints: group.endpoints, version: group.version }).toEqual({ endpoints, version });
		expect(picksOf(group, 10)).not.toContain('x');
		group.adopt(plan);
		expect(picksOf(group, 2)).toEqual(['x', 'x']);
		expect(group.version).toBe(version + 1);
	});

	it('is made by the first pick where nobody has made one', () => {
		const group = new EndpointGroup(ROUND_ROBIN, '');
		group.expect(endpointsOf('x'));
		expect(group.isPlanned).toBe(false);
		expect(picksOf(group, 2)).toEqual(['x', 'x']);
		expect(group.isPlanned).toBe(true);
	});

	it('lets turns go on where everybody has the same share as before', () => {
		const group = groupOf([{}, {}, {}]);
		const picks = Array.from({ length: 30 }, () => {
			group.refresh(0);
			return picksOf(group, 1)[0];
		});
		expect([0, 1, 2].map((name) => picks.filter((picked) => picked === String(name)).length)).toEqual([10, 10, 10]);
	});
});
