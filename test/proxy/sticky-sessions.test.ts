import { describe, expect, it } from 'vitest';
import type { SessionPersistence } from '../../src/config/config.ts';
import { HeaderList } from '../../src/http/header-list.ts';
import { Backend } from '../../src/proxy/backend.ts';
import { Endpoint } from '../../src/proxy/endpoint.ts';
import { EndpointGroup } from '../../src/proxy/endpoint-group.ts';
import { StickySessions } from '../../src/proxy/sticky-sessions.ts';

const SETTINGS: SessionPersistence = { type: 'Header', sessionName: 'x-sid', absoluteTimeout: 0, isPermanent: false };
const POOL = { acquire: () => null, cancel: () => undefined };

describe('the sessions of a rule', () => {
	it('cost nothing before the first request asks for them', () => {
		const endpoints = ['a', 'b'].map((address) => new Endpoint({ address, weight: 1, labels: {}, pool: POOL }));
		const group = EndpointGroup.of(endpoints);
		const backend = new Backend({ label: 'both', service: null, invalid: '', group });
		let digests = 0;
		const digest = (text: string) => {
			digests++;
			return text.replace(/\W/g, '').padStart(16, '_').slice(-16);
		};
		const sessions = new StickySessions({ settings: SETTINGS, scope: 'rule', backends: [backend], digest });
		expect(digests).toBe(0);
		const response = new HeaderList();
		sessions.keep(response, { backend, endpoint: endpoints[1] as Endpoint }, null, false, 0);
		const request = new HeaderList();
		request.append('x-sid', response.get('x-sid') ?? '');
		expect(sessions.find(request, 0)?.endpoint).toBe(endpoints[1]);
		expect(digests).toBe(2);
	});
});
