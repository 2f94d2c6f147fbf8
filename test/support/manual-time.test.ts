import { describe, expect, it } from 'vitest';
import { TimerEntry } from '../../src/clock.ts';
import { ManualClock, ManualTimers } from './manual-time.ts';
import { SeededRandom } from './seeded-random.ts';

class Noted extends TimerEntry {
	readonly note: () => void;
	constructor(note: () => void) {
		super();
		this.note = note;
	}
	onTimer(): void {
		this.note();
	}
}

describe('manual time', () => {
	it('fires what is due in the order of the deadlines, at their time, and nothing else', () => {
		const clock = new ManualClock();
		const timers = new ManualTimers(clock);
		const fired: string[] = [];
		const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
		const again = new Noted(() => {
			fired.push(`again@${clock.now()}`);
			if (clock.now() < 30) timers.arm(again, 10);
		});
		timers.arm(new Noted(note('late')), 50);
		timers.arm(new Noted(note('b')), 20);
		const never = new Noted(note('never'));
		timers.arm(never, 5);
		timers.disarm(never);
		timers.arm(again, 10);
		timers.advance(40);
		expect(fired).toEqual(['again@10', 'b@20', 'again@20', 'again@30']);
		expect([clock.now(), timers.size]).toEqual([40, 1]);
	});
});

describe('seeded randomness', () => {
	it('repeats by seed, and makes version 4 UUIDs', () => {
		const run = (seed: number) => {
			const random = new SeededRandom(seed);
			return [random.next(), random.hex(4), random.uuid(), random.below(10)];
		};
		expect(run(7)).toEqual(run(7));
		expect(run(7)).not.toEqual(run(8));
		expect(run(7)[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	});
});
