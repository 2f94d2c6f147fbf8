import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { breathe } from '../../../src/io/breathe.ts';
import { type ApiRequest, forbidden, status, statusObject, tooManyRequests } from '../../support/kubernetes-api.ts';
import { ManualClock, ManualTimers } from '../../support/manual-time.ts';
import { waitFor } from '../../support/wait-for.ts';
import { slice, withApi } from './watching.ts';

const kube = withApi();
const { begin, watched } = kube;

/** Lets the first answers of a kind be something else. */
function once(of: 'list' | 'watch', answer: (response: ServerResponse) => void, times = 1): void {
	let left = times;
	kube.api.answer = ({ isWatch }: ApiRequest, response) => {
		if (isWatch !== (of === 'watch') || left === 0) return false;
		left--;
		answer(response);
		return true;
	};
}

describe('a refusal of the list is told, the last good list stays, and it is asked again', () => {
	const cases: readonly (readonly [string, (response: ServerResponse) => void, RegExp])[] = [
		[
			'403',
			(response) => forbidden(response, 'list'),
			/403 .*cannot list .*Role in namespace shop .*verbs: \[list, watch\]/,
		],
		[
			'404',
			(response) => status(response, 404, 'NotFound', 'not found'),
			/404 not found; discovery\.k8s\.io\/v1 came with/,
		],
		[
			'500',
			(response) => status(response, 500, 'InternalError', 'etcdserver: leader changed'),
			/500 etcdserver: leader/,
		],
		['503 in HTML', (response) => void response.writeHead(503).end('<html>bad'), /503 <html>bad/],
		['no JSON', (response) => void response.end('{"kind":"EndpointSliceList","items":['), /no list of EndpointSlices/],
		['another list', (response) => void response.end('{"kind":"PodList","items":[{"a":1}]}'), /no EndpointSlice/],
		['nothing', (response) => void response.end(), /no list of EndpointSlices/],
		['a cut', (response) => void response.write('{"items":[', () => response.socket?.resetAndDestroy()), /shop: /],
		['an item without end', (response) => overlong(response, '{"items":[{"a":"'), /item of the list is too long/],
		['no item without end', (response) => overlong(response, '{"a":"'), /item of the list is too long/],
	];
	it.each(cases)('%s', async (_name, answer, reason) => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		once('list', answer);
		const sink = begin().follow('payments');
		await sink.waitForFailure(reason);
		await sink.waitForAddresses('10.1.0.1:8080');
		expect(sink.failures).toHaveLength(1);
	});
});

describe('what goes wrong in a watch', () => {
	const cases: readonly (readonly [string, string, RegExp])[] = [
		['a line that is no JSON', '{"type":"ADDED","object":{\n', /no event/],
		['a line that is no event', '[]\n', /no event/],
		['an object that is no slice', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n', /no EndpointSlice: x/],
		['a line beyond the bound', `{"type":"ADDED","object":"${'x'.repeat(5_000_000)}`, /too long/],
		['another error', `${JSON.stringify({ type: 'ERROR', object: statusObject(400, 'BadRequest', 'odd') })}\n`, /odd/],
	];
	it.each(cases)('%s makes a new list', async (_name, text, reason) => {
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin().follow('payments');
		await watched();
		for (const watch of kube.api.watches) watch.raw(text);
		await sink.waitForFailure(reason);
		await waitFor('a list', () => kube.api.lists.length === 2);
		await watched();
		expect(kube.api.lists.at(-1)?.query.has('resourceVersion')).toBe(false);
		kube.api.put(slice('payments-a', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(sink.updates).toHaveLength(2);
	});

	it('a passing error of the server does not', async () => {
		const sink = begin().follow('payments');
		await watched();
		for (const watch of kube.api.watches) watch.send('ERROR', statusObject(500, 'InternalError', 'leader changed'));
		await sink.waitForFailure(/leader changed/);
		await watched();
		kube.api.put(slice('payments-a', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(kube.api.lists).toHaveLength(1);
	});

	it('the right to list alone is told, and lists no more than once', async () => {
		once('watch', (response) => forbidden(response, 'watch'), 5);
		kube.api.put(slice('payments-a', ['10.1.0.1']));
		const sink = begin().follow('payments');
		await sink.waitForFailure(/cannot watch resource/);
		await watched();
		expect(kube.api.lists).toHaveLength(1);
		expect(sink.failures).toHaveLength(5);
	});

	it('a kind of event that is not known is passed over', async () => {
		const sink = begin().follow('payments');
		await watched();
		for (const watch of kube.api.watches) watch.send('RENAMED' as 'ADDED', slice('payments-a', ['10.1.0.1']));
		kube.api.put(slice('payments-b', ['10.1.0.2']));
		await sink.waitForAddresses('10.1.0.2:8080');
		expect(sink.failures).toEqual([]);
	});
});

it('a 429 is asked again after the time that it names', async () => {
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	kube.api.put(slice('payments-a', ['10.1.0.1']));
	once('list', (response) => tooManyRequests(response, 7));
	const sink = begin({ clock, timers, pace: { baseMs: 800, capMs: 30_000 } }).follow('payments');
	await sink.waitForFailure(/429 Too many requests, please try again later\./);
	await waitFor('a wait', () => timers.size === 1);
	timers.advance(6999);
	await breathe();
	await breathe();
	expect(kube.api.requests).toHaveLength(1);
	timers.advance(802);
	await sink.waitForAddresses('10.1.0.1:8080');
});

it('an answer that does not come is given up', async () => {
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	kube.api.put(slice('payments-a', ['10.1.0.1']));
	once('list', () => {});
	const sink = begin({ clock, timers }).follow('payments');
	await waitFor('the question', () => kube.api.requests.length === 1);
	timers.advance(60_000);
	await sink.waitForFailure(/no answer in time/);
	timers.advance(20);
	await sink.waitForAddresses('10.1.0.1:8080');
});

it('a name that cannot be a Service is told, and keeps no other from its endpoints', async () => {
	kube.api.put(slice('payments-a', ['10.1.0.1']));
	const bad = begin().follow('pay ments,x');
	const good = begin().follow('payments');
	await bad.waitForFailure(/`pay ments,x` cannot be the name of a Service/);
	await good.waitForAddresses('10.1.0.1:8080');
});

it('a port that the pods do not have is told, and the last good list stays', async () => {
	kube.api.put(slice('payments-a', ['10.1.0.1'], { ports: [{ name: 'http', port: 8080 }] }));
	const all = begin();
	const sink = all.follow('payments', { port: 'http' });
	const wrong = all.follow('payments', { port: 'htpp' });
	await sink.waitForAddresses('10.1.0.1:8080');
	await wrong.waitForFailure(
		/Service shop\/payments: no endpoint has a TCP port `htpp`; .*http \(8080\); did you mean `http`\?/,
	);
	kube.api.put(slice('payments-a', ['10.1.0.1'], { ports: [{ name: 'web', port: 8080 }] }));
	await sink.waitForFailure(/no endpoint has a TCP port `http`/);
	expect(sink.updates).toHaveLength(1);
});

it('addresses that are no IP addresses are left out with a warning', async () => {
	const name = slice('payments-b', ['db.example.com'], { addressType: 'FQDN' });
	kube.api.put(slice('payments-a', ['10.1.0.1']), name);
	const all = begin();
	await all.follow('payments').waitForAddresses('10.1.0.1:8080');
	expect(all.warnings).toEqual([expect.stringContaining('EndpointSlice payments-b')]);
	kube.api.delete('payments-a');
	kube.api.put(name);
	await all.follow('payments').waitForFailure(/neither IPv4 nor IPv6/);
});

it('a client that does not keep up is not sent more than it takes', async () => {
	let open: (() => void) | null = null;
	let isOpen = true;
	const gate = async () => {
		await breathe();
		if (!isOpen) await new Promise<void>((resolve) => (open = resolve));
	};
	const sink = begin({ breathe: gate }).follow('payments');
	await sink.waitForAddresses();
	await watched();
	isOpen = false;
	const [watch] = kube.api.watches;
	const addresses = Array.from({ length: 900 }, (_, i) => `10.2.${i >> 8}.${i & 255}`);
	let sent = 0;
	let stuck = 0;
	await waitFor('a server that is held up', async () => {
		kube.api.put(slice(`payments-${sent % 5}`, addresses));
		sent++;
		await breathe();
		stuck = watch?.waiting === 0 ? 0 : stuck + 1;
		return stuck > 20;
	});
	isOpen = true;
	(open as (() => void) | null)?.();
	kube.api.put(slice('payments-last', ['10.9.9.9']));
	await waitFor('the last one', () => sink.addresses?.length === 901);
	expect(sink.updates.length).toBeLessThan(10);
});

/** Sends what has no end until the peer hangs up. */
function overlong(response: ServerResponse, beginning: string): void {
	response.write(beginning);
	const more = 'x'.repeat(1 << 16);
	const go = () => {
		while (!response.destroyed) if (!response.write(more)) return void response.once('drain', go);
	};
	go();
}
