import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSTHROUGH_POLICY, UnknownHosts } from '../../src/app/unknown-hosts.ts';
import { configOf, RunningServices } from './running-services.ts';

let running: RunningServices;
let hosts: UnknownHosts;

beforeEach(() => {
	running = new RunningServices();
	hosts = new UnknownHosts(running.env, 3);
});

afterEach(() => running.stop());

function known(): string[] {
	return Object.keys(hosts.describe() as object);
}

describe('hosts that no service lists', () => {
	it('make way for new ones, the one called longest ago first', () => {
		for (const host of ['a', 'b', 'c', 'a', 'd']) hosts.backend(host, 80);
		expect(known()).toEqual(['c:80', 'a:80', 'd:80']);
	});

	it('make way first when nothing is under way to them', () => {
		const busy = [hosts.backend('a', 80), hosts.backend('b', 80)];
		for (const { service } of busy) service?.admit();
		hosts.backend('c', 80);
		hosts.backend('d', 80);
		expect(known()).toEqual(['a:80', 'b:80', 'd:80']);
		hosts.backend('e', 80).service?.admit();
		hosts.backend('f', 80);
		expect(known()).toEqual(['b:80', 'e:80', 'f:80']);
	});

	it('are called as a service is about which the file says nothing', () => {
		const { services } = configOf({ services: { x: { endpoints: [{ address: 'x:80' }] } } });
		// Of one endpoint, nobody can be left out; and nobody has said who it is.
		const tls = { ...services[0]?.policy.tls, mode: 'off' };
		expect(PASSTHROUGH_POLICY).toEqual({ ...services[0]?.policy, outlierDetection: null, tls });
	});
});
