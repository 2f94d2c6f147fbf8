import { describe, expect, it } from 'vitest';
import { OutlierCell, OutlierDetector } from '../../src/resilience/outlier-detector.ts';
import { POLICY } from './outlier-model.ts';

interface Endpoint {
	readonly outlier: OutlierCell;
}

function endpoint(): Endpoint {
	return { outlier: new OutlierCell() };
}

describe('thousands of endpoints, taken over in slices', () => {
	const many = () => Array.from({ length: 2500 }, endpoint);
	const fail = (detector: OutlierDetector<Endpoint>, one: Endpoint) => {
		const changes = Array.from({ length: 5 }, () => detector.fail(one, 0));
		return changes.some((change) => change?.is === 'ejected');
	};

	/** A list, and its first that is ejected. */
	function running() {
		const detector = new OutlierDetector<Endpoint>(POLICY);
		const before = many();
		const [out = endpoint()] = before;
		detector.resize(before, 0);
		expect(fail(detector, out)).toBe(true);
		return { detector, before, out };
	}

	it('ends as it does at once', () => {
		const { detector, before, out } = running();
		const after = [out, ...many()];
		const slices = detector.resizeInSlices(after, 0);
		let pauses = 0;
		while (slices.next().done !== true) pauses++;
		expect(pauses).toBe(5);
		expect(detector.ejected).toBe(1);
		expect(fail(detector, before[1] ?? out)).toBe(false);
		expect(fail(detector, after[1] ?? out)).toBe(true);
	});

	it.each([1, 2, 3, 4, 5])(
		'is overtaken by a newer list after %d slices, and judges nobody of the older one',
		(count) => {
			const { detector, before, out } = running();
			const late = many();
			const newest = [out, ...many()];
			const slices = detector.resizeInSlices(late, 0);
			for (let i = 0; i < count; i++) slices.next();
			detector.resize(newest, 0);
			expect(slices.next()).toEqual({ done: true, value: [] });
			for (const one of [...late, ...before.slice(1)]) expect(fail(detector, one)).toBe(false);
			expect(detector.ejected).toBe(1);
			expect(fail(detector, newest[1] ?? out)).toBe(true);
		},
	);

	it('gives back who is out when it ends in the middle', () => {
		const { detector, out } = running();
		detector.resizeInSlices(many(), 0).next();
		detector.release(0);
		expect(out.outlier.isEjected).toBe(false);
	});
});
