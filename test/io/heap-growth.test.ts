import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { growthPercent } from '../../src/io/heap-growth.ts';

const MODULE = fileURLToPath(import.meta.resolve('../../src/io/heap-growth.ts'));

/** Makes garbage that has grown old; says to how many MB the heap grows before all of it is collected. */
const CHURN = `
const { fitHeapGrowth } = await import(process.argv[1]);
if (process.argv[2] === 'fit') fitHeapGrowth();
const kept = [];
for (let i = 0; i < 400_000; i++) {
	kept.push({ i, text: 'x'.repeat(i % 50) + i, list: [i, i, i] });
	if (kept.length === 20_000) kept.splice(0, 15_000);
}
`;

/** The heaps that V8 found when it looked at all of them. */
function collected(mode: 'fit' | 'leave'): number[] {
	const args = ['--trace-gc', '--max-semi-space-size=2', '--input-type=module', '-e', CHURN, MODULE, mode];
	const said = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { encoding: 'utf8' });
	return [...said.matchAll(/Mark-Compact.*? ([\d.]+) \([\d.]+\) -> /g)].map((match) => Number(match[1]));
}

describe('the heap', () => {
	it('may grow by half while it is small, and as V8 likes when it is large', () => {
		expect([0, 12e6, 24e6].map(growthPercent)).toEqual([50, 50, 50]);
		expect([26e6, 100e6].map(growthPercent)).toEqual([0, 0]);
	});

	it('is collected earlier once that is in force', () => {
		const fitted = collected('fit');
		const left = collected('leave');
		expect(fitted.length).toBeGreaterThan(left.length);
		expect(Math.max(...fitted)).toBeLessThan(Math.max(...left));
	});
});
