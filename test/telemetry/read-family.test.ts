import Registry from 'prom-client/lib/registry.js';
import { describe, expect, it } from 'vitest';
import { ReadFamily, type ReadSample } from '../../src/telemetry/read-family.ts';
import { parseExposition } from './exposition.ts';

function familyOf(samples: readonly (ReadSample | undefined)[], registry = new Registry()): ReadFamily {
	const what = { name: 'state', help: 'State\nof\\it.', type: 'gauge', labelNames: ['service', 'to'] } as const;
	return new ReadFamily({ ...what, read: () => samples }, registry);
}

describe('a family that is read at the scrape', () => {
	it('is the same text as prom-client would make', async () => {
		const registry = new Registry();
		const family = familyOf(
			[
				[['a"b', 'x\ny'], 1],
				[['\\c', ''], 0.5],
			],
			registry,
		);
		expect([...family.pieces()].join('')).toBe(`${await registry.getSingleMetricAsString('state')}\n`);
	});

	it('is a head alone where there is nothing', () => {
		expect([...familyOf([]).pieces()].join('')).toBe('# HELP state State\\nof\\\\it.\n# TYPE state gauge\n');
	});

	it('comes in pieces of at most a hundred samples, none lost', () => {
		const samples = Array.from({ length: 3001 }, (_, i): ReadSample => [[`service-${i}`, 'open'], i]);
		const pieces = [...familyOf(samples).pieces()];
		expect(Math.max(...pieces.map((piece) => piece.split('\n').length))).toBeLessThan(110);
		const { value, samples: found } = parseExposition(pieces.join(''));
		expect(found).toHaveLength(3001);
		expect(value('state', { service: 'service-3000' })).toBe(3000);
	});

	it('pauses between pieces where it is told to, and shows nothing of it', async () => {
		const registry = new Registry();
		const one: ReadSample = [['a', 'open'], 1];
		const other: ReadSample = [['b', 'open'], 2];
		const family = familyOf([undefined, one, undefined, undefined, other], registry);
		const head = '# HELP state State\\nof\\\\it.\n# TYPE state gauge\n';
		const lines = ['state{service="a",to="open"} 1\n', 'state{service="b",to="open"} 2\n'];
		expect([...family.pieces()]).toEqual([head, lines[0], '', lines[1]]);
		expect(await registry.getSingleMetricAsString('state')).toBe([head, ...lines].join('').trimEnd());
	});
});
