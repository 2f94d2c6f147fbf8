/** Work that many ask for. */
import { describe, expect, it } from 'vitest';
import { CalmWork } from '../../src/app/calm-work.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { waitFor } from '../support/wait-for.ts';

const REST_MS = 50;
const SLICES = 3;

class Fixture {
	readonly timers = new ManualTimers(new ManualClock());
	readonly work: CalmWork;
	slices = 0;
	runs = 0;
	errors: unknown[] = [];

	constructor(failsIn = Number.NaN) {
		this.work = new CalmWork({
			timers: this.timers,
			restMs: REST_MS,
			work: () => this.inSlices(failsIn),
			onError: (error) => this.errors.push(error),
		});
	}

	private *inSlices(failsIn: number): Generator<undefined, void, undefined> {
		for (let slice = 0; slice < SLICES; slice++) {
			if (slice > 0) yield;
			if (slice === failsIn) throw new Error('broken');
			this.slices++;
		}
		this.runs++;
	}

	/** It is over, and rests. */
	async resting(): Promise<void> {
		await waitFor('a rest', () => this.timers.size === 1);
	}
}

describe('calm work', () => {
	it('begins at once, and lets others in after each slice', async () => {
		const fixture = new Fixture();
		fixture.work.request();
		expect(fixture.slices).toBe(1);
		await fixture.resting();
		expect(fixture.slices).toBe(SLICES);
	});

	it('is done once more for all who have asked meanwhile, after a rest', async () => {
		const fixture = new Fixture();
		for (let i = 0; i < 10; i++) fixture.work.request();
		await fixture.resting();
		fixture.work.request();
		fixture.timers.advance(REST_MS - 1);
		expect(fixture.runs).toBe(1);
		fixture.timers.advance(1);
		await fixture.resting();
		expect(fixture.runs).toBe(2);
		fixture.timers.advance(REST_MS);
		expect(fixture.timers.size).toBe(0);
		fixture.work.request();
		await fixture.resting();
		expect(fixture.runs).toBe(3);
	});

	it('is given up when it is stopped', async () => {
		const fixture = new Fixture();
		fixture.work.request();
		fixture.work.stop();
		fixture.work.request();
		await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
		expect(fixture).toMatchObject({ slices: 1, runs: 0 });
		expect(fixture.timers.size).toBe(0);
	});

	it('tells of an error, and can be asked for again', async () => {
		const fixture = new Fixture(1);
		fixture.work.request();
		await fixture.resting();
		expect(fixture.errors).toEqual([new Error('broken')]);
		fixture.timers.advance(REST_MS);
		fixture.work.request();
		expect(fixture.slices).toBe(2);
	});
});
