import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askOtherProcess } from '../../src/cli/other-process.ts';

/** Stands for the program: what it is asked by goes by its arguments. */
const PROGRAM = `
import { getPriority } from 'node:os';
const [, , wish] = process.argv;
if (wish === 'fail') { console.error('cannot do that'); process.exit(3); }
console.log(getPriority());
`;

const program = process.argv[1];
let folder = '';
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-other-'));
	process.argv[1] = join(folder, 'program.mjs');
	writeFileSync(process.argv[1], PROGRAM);
});
afterEach(() => {
	process.argv[1] = program ?? '';
	rmSync(folder, { recursive: true, force: true });
});

function ask(wish: string, isPatient: boolean): Promise<string> {
	return askOtherProcess({
		isPatient,
		snapshotArgs: [],
		programArgs: [wish],
		failure: 'no answer',
		async read(output) {
			let text = '';
			for await (const piece of output) text += piece;
			return text.trim();
		},
	});
}

it.each([
	[true, Math.max(10, getPriority())],
	[false, getPriority()],
])('leaves the CPU to those who are being served where it is patient (%s)', async (isPatient, priority) => {
	expect(await ask('tell', isPatient)).toBe(String(priority));
});

it('says what cannot be done, and why', async () => {
	await expect(ask('fail', true)).rejects.toThrow('no answer: cannot do that');
});
