/** A deadline that whoever calls has chosen says nothing about the service that could not meet it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { DeadlinesFixture } from './deadlines-fixture.ts';

let fixture: DeadlinesFixture;

beforeEach(async () => {
	fixture = await DeadlinesFixture.make();
});

afterEach(() => fixture.stop());

const OPENS_AT_ONCE = { circuitBreaker: { volumeThreshold: 1, resetTimeout: '1h' } };
const GRPC = 'content-type: application/grpc\r\n';

function circuit(service: string): Promise<number> {
	return fixture.sidecar.metric('outrigger_circuit_state', { service });
}

describe('the circuit of a service', () => {
	it('stays closed for callers who give the app next to no time', async () => {
		await fixture.start({ app: OPENS_AT_ONCE });
		fixture.app.script = () => undefined;
		for (let i = 0; i < 3; i++) {
			const response = await (await fixture.ask(`${GRPC}grpc-timeout: 20m\r\n`)).readResponse();
			expect(response.raw.toString('latin1')).toContain('details="request_timeout"');
		}
		expect(await circuit('app')).toBe(0);
		fixture.app.script = ({ response }) => void response.end('ok');
		expect((await (await fixture.ask()).readResponse()).status).toBe(200);
	});

	it('stays closed for calls that are made when the time is nearly up', async () => {
		fixture.payments.follow({ onRequest: () => undefined });
		await fixture.start({
			inbound: { timeouts: { request: '100ms' } },
			outbound: { retry: 'off' },
			payments: OPENS_AT_ONCE,
		});
		fixture.app.script = async ({ call }) => void (await call('/pay'));
		await (await fixture.ask()).readResponse();
		expect(await fixture.call()).toMatchObject({ errorCode: 'request_timeout' });
		expect(await circuit('payments')).toBe(0);
	});

	it('opens when the service has had most of the time that its own rule gives', async () => {
		fixture.payments.follow({ onRequest: () => undefined });
		await fixture.start({
			inbound: { timeouts: { request: '300ms' } },
			outbound: { retry: 'off', timeouts: { request: '400ms' } },
			payments: OPENS_AT_ONCE,
		});
		fixture.app.script = async ({ call }) => void (await call('/pay'));
		await (await fixture.ask()).readResponse();
		expect((await fixture.call()).errorDetail).toContain('the time of the request');
		await waitFor('the circuit to open', async () => (await circuit('payments')) === 2);
	});

	it('opens for a timeout of the rule, as ever', async () => {
		await fixture.start({ inbound: { timeouts: { request: '50ms' } }, app: OPENS_AT_ONCE });
		fixture.app.script = () => undefined;
		expect((await (await fixture.ask(`${GRPC}grpc-timeout: 1H\r\n`)).readResponse()).status).toBe(200);
		expect(await circuit('app')).toBe(2);
	});
});
