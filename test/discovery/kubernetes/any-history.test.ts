/** Whatever happens, and however it is told, the endpoints end as a fresh list has them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PlannedEndpoint } from '../../support/endpoint-slice.ts';
import { waitFor } from '../../support/wait-for.ts';
import { RecordingSink, slice, withApi } from './watching.ts';

const kube = withApi();

type Step =
	| {
			readonly is: 'put';
			readonly name: string;
			readonly service: string;
			readonly endpoints: readonly PlannedEndpoint[];
	  }
	| { readonly is: 'delete'; readonly name: string }
	| { readonly is: 'bookmark' | 'cut' | 'end' | 'compact' | 'error' | 'gone' | 'half' | 'turn' };

const nameArbitrary = fc.constantFrom('a', 'b', 'c', 'd');
const endpointArbitrary = fc.record({
	address: fc.nat(6).map((i) => `10.1.0.${i}`),
	ready: fc.constantFrom(true, true, false, null),
	terminating: fc.boolean(),
	serving: fc.boolean(),
});
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			is: fc.constant('put' as const),
			name: nameArbitrary,
			service: fc.constantFrom('payments', 'payments', 'ledger', 'elsewhere'),
			endpoints: fc.array(endpointArbitrary, { maxLength: 4 }),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ is: fc.constant('delete' as const), name: nameArbitrary }) },
	{
		weight: 5,
		arbitrary: fc.constantFrom('bookmark', 'cut', 'end', 'compact', 'error', 'gone', 'half', 'turn').map((is) => ({
			is: is as 'turn',
		})),
	},
);

const ERROR = { kind: 'Status', code: 500, message: 'leader changed' };
const EXPIRED = { kind: 'Status', code: 410, reason: 'Expired' };

async function take(step: Step, names: Set<string>): Promise<void> {
	const { api } = kube;
	if (step.is === 'put') {
		names.add(step.name);
		api.put(slice(step.name, [], step));
	} else if (step.is === 'delete') {
		if (names.delete(step.name)) api.delete(step.name);
	} else if (step.is === 'bookmark') {
		api.skip(3);
		api.bookmark();
	} else if (step.is === 'compact') {
		api.skip(1);
		api.compact();
	} else if (step.is === 'turn') {
		const { length } = api.requests;
		await waitFor('what was begun', () => api.watches.size > 0 || api.requests.length > length);
	}
	for (const watch of [...api.watches]) {
		if (step.is === 'cut') watch.cut();
		else if (step.is === 'end') watch.end();
		else if (step.is === 'error') watch.send('ERROR', ERROR);
		else if (step.is === 'gone') watch.send('ERROR', EXPIRED);
		else if (step.is === 'half') {
			watch.raw('{"type":"DELETED","object":{"metadata":{"na');
			watch.end();
		}
	}
}

/** As somebody sees it who comes now. */
async function fresh(service: string): Promise<string> {
	const { source } = kube.begin();
	const sink = new RecordingSink();
	const watch = source.watch({ is: 'kubernetes', service, namespace: 'shop', port: 'http' });
	watch.start(sink);
	await waitFor('a list', () => sink.updates.length > 0);
	watch.stop();
	return sink.addresses?.join() ?? '';
}

it('any sequence of events, cuts and errors ends in the set of a fresh list', { timeout: 60_000 }, async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 25 }), async (steps) => {
			const followed = kube.begin();
			const sinks = ['payments', 'ledger'].map((service) => ({
				service,
				sink: followed.follow(service, { port: 'http' }),
			}));
			const names = new Set<string>();
			for (const step of steps) await take(step, names);
			kube.watching = null;
			try {
				for (const { service, sink } of sinks) {
					const wanted = await fresh(service);
					await waitFor(`${service} as in a fresh list: ${wanted}`, () => sink.addresses?.join() === wanted);
				}
				for (const { sink } of sinks)
					for (const reason of sink.failures) expect(reason).toMatch(/leader changed|no event/);
			} finally {
				kube.begin().stop();
				kube.watching = null;
				followed.stop();
				for (const name of names) kube.api.delete(name);
			}
		}),
		{ numRuns: 60 },
	);
});
