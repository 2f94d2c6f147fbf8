/** Services and the outbound port over the life of a sidecar: reloads, what is shown of them, the end. */
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { at, jsonOf, OutboundFixture } from './outbound-fixture.ts';
import { RunningSidecar, routeFile } from './running.ts';

let fixture: OutboundFixture;

beforeEach(async () => {
	fixture = await OutboundFixture.make();
});

afterEach(() => fixture.stop());

describe('a reload', () => {
	it('keeps the connections of a service that is unchanged, and closes those of one that is gone', async () => {
		const stock = await RecordingOrigin.start();
		const services = (names: object) => ({ services: names });
		const pay = { hostnames: ['payments'], endpoints: [at(fixture.payments.port)] };
		await fixture.start(services({ payments: pay, stock: { hostnames: ['stock'], endpoints: [at(stock.port)] } }));
		await fixture.get('payments');
		await fixture.get('stock');
		expect(await fixture.sidecar.reload(fixture.file(services({ payments: pay, other: pay_as('other') })))).toEqual([]);
		await waitFor('the idle connection to close', () => stock.connections[0]?.ended !== '');
		await fixture.get('payments');
		expect(fixture.payments.connections).toHaveLength(1);
		expect((await fixture.get('stock')).status).toBe(502);
		await stock.stop();

		function pay_as(name: string): object {
			return { ...pay, hostnames: [name] };
		}
	});

	it('lets a request end at the endpoint that it is with, and sends the next to the new one', async () => {
		const next = await RecordingOrigin.start();
		let answer = () => {};
		fixture.payments.follow({
			onRequest: async (_, connection) => {
				await new Promise<void>((resolve) => {
					answer = resolve;
				});
				connection.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
			},
		});
		await fixture.start();
		const under_way = fixture.get('payments');
		await fixture.payments.waitForRequests(1);
		const moved = { payments: { hostnames: ['payments'], endpoints: [at(next.port)] } };
		expect(await fixture.sidecar.reload(fixture.file({ services: moved }))).toEqual([]);
		expect((await fixture.get('payments', '/new')).body.toString()).toBe('GET /new');
		expect(next.requests).toHaveLength(1);
		answer();
		expect((await under_way).body.toString()).toBe('old');
		await waitFor('its connection to close', () => fixture.payments.connections[0]?.ended !== '');
		await next.stop();
	});

	it('keeps an open circuit open, though the endpoints change', async () => {
		const circuitBreaker = { volumeThreshold: 1, resetTimeout: '1h' };
		const named = (port: number) => ({
			services: { payments: { hostnames: ['payments'], endpoints: [at(port)], circuitBreaker } },
		});
		await fixture.start({ ...named(await freePort()), outbound: { routes: [{ retry: 'off' }] } });
		expect((await fixture.get('payments')).status).toBe(503);
		const reloaded = fixture.file({ ...named(fixture.payments.port), outbound: { routes: [{ retry: 'off' }] } });
		expect(await fixture.sidecar.reload(reloaded)).toEqual([]);
		const answer = await fixture.get('payments');
		expect(jsonOf(answer)).toMatchObject({ error: 'circuit_open' });
		expect(fixture.payments.requests).toEqual([]);
	});

	it('changes nothing when it is refused', async () => {
		await fixture.start();
		await fixture.get('payments');
		const issues = await fixture.sidecar.reload(fixture.file({ services: {}, outbound: { listen: '127.0.0.1:1' } }));
		expect(issues?.map(({ path }) => path)).toEqual(['outbound.listen']);
		expect((await fixture.get('payments')).status).toBe(200);
		expect(fixture.payments.connections).toHaveLength(1);
	});

	it('cannot take the outbound port away, or bring one', async () => {
		await fixture.start();
		const without = await fixture.sidecar.reload(routeFile(fixture.app.port));
		expect(without?.map(({ path }) => path)).toEqual(['outbound.listen']);
		const other = await RunningSidecar.start(routeFile(fixture.app.port));
		expect((await other.reload(fixture.file())).map(({ path }) => path)).toEqual(['outbound.listen']);
		await other.stop();
	});
});

describe('what the admin port shows', () => {
	it('is both sides of the routes, and every service', async () => {
		const { admin } = await fixture.start({
			outbound: { routes: [{ name: 'pay', backendRefs: [{ name: 'payments' }] }] },
		});
		const routes = (await (await fetch(`${admin}/routes`)).json()) as { name: string; side: string; at: string }[];
		expect(routes.map(({ name, side, at }) => [name, side, at === 'default'])).toEqual([
			['/', 'inbound', true],
			['pay', 'outbound', false],
			['/', 'outbound', true],
		]);
		const services = (await (await fetch(`${admin}/services`)).json()) as Record<string, unknown>;
		expect(Object.keys(services)).toEqual(['app', 'payments']);
	});
});

describe('the end', () => {
	it('leaves the app its calls until its port has closed', async () => {
		const listening = net.createServer();
		await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
		const { port } = listening.address() as net.AddressInfo;
		await fixture.start({ app: { port } });
		const sidecar = fixture.sidecar;
		await sidecar.app.drain(0);
		await expect(RawClient.connect(sidecar.port)).rejects.toThrow();
		expect((await fixture.get('payments')).status).toBe(200);
		let isOver = false;
		const over = sidecar.app.drainOutbound().then(() => {
			isOver = true;
		});
		expect((await fixture.get('payments')).status).toBe(200);
		expect(isOver).toBe(false);
		for (const client of fixture.clients.splice(0)) client.close();
		await new Promise((resolve) => listening.close(resolve));
		await over;
		await expect(fixture.connect()).rejects.toThrow();
	});

	it('does not wait for an app that never ends longer than a drain may take', async () => {
		await fixture.start({ shutdown: { drain: '200ms', propagation: '0s' } });
		const sidecar = fixture.sidecar;
		await sidecar.app.drain(0);
		await sidecar.app.drainOutbound();
		await expect(fixture.connect()).rejects.toThrow();
	});
});
