import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileSystem, readRouteFiles } from '../../src/cli/route-files.ts';

let folder = '';

beforeEach(() => {
	folder = fs.mkdtempSync(join(tmpdir(), 'outrigger-files-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string): void => fs.writeFileSync(join(folder, name), text);
const read = (system: FileSystem, given = folder): string[] =>
	readRouteFiles(given, system).map(({ file, bytes }) => `${file.slice(folder.length + 1)}=${bytes.toString()}`);
/** The real file system, in which something happens at the nth time that a file is read. */
function interrupted(happenings: Readonly<Record<number, () => void>>): FileSystem {
	let reads = 0;
	const readFileSync = ((...args: Parameters<typeof fs.readFileSync>) => {
		const bytes = fs.readFileSync(...args);
		happenings[++reads]?.();
		return bytes;
	}) as typeof fs.readFileSync;
	return { ...fs, readFileSync };
}

describe('the files that are read', () => {
	it('are the one that is named, or those of the folder by name', () => {
		put('b.yaml', '2');
		put('a.yml', '1');
		put('.c.yaml', '3');
		expect(read(fs)).toEqual(['a.yml=1', 'b.yaml=2']);
		expect(read(fs, join(folder, '.c.yaml'))).toEqual(['.c.yaml=3']);
	});

	it('are of one moment: what has changed meanwhile is read again', () => {
		put('a.yaml', '1');
		put('b.yaml', '1');
		expect(read(interrupted({ 1: () => put('a.yaml', '22'), 2: () => put('b.yaml', '22') }))).toEqual([
			'a.yaml=22',
			'b.yaml=22',
		]);
		expect(read(interrupted({ 1: () => put('c.yaml', '3') }))).toHaveLength(3);
	});

	it('may go while they are read', () => {
		put('a.yaml', '1');
		put('b.yaml', '1');
		expect(read(interrupted({ 1: () => fs.unlinkSync(join(folder, 'b.yaml')) }))).toEqual(['a.yaml=1']);
	});

	it('are read in the end when somebody never stops writing', () => {
		put('a.yaml', '');
		const longer = (): void => fs.appendFileSync(join(folder, 'a.yaml'), 'x');
		const everyTime = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, longer]));
		expect(read(interrupted(everyTime))).toEqual(['a.yaml=xxxx']);
	});

	it('are missed with the error of the system', () => {
		expect(() => read(fs, join(folder, 'none'))).toThrow('ENOENT');
	});
});
