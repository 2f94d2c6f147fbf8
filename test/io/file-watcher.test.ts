import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileWatcher } from '../../src/io/file-watcher.ts';
import { waitFor } from '../support/wait-for.ts';

let folder = '';
let watcher: FileWatcher | null = null;
let alarms = 0;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-watch-'));
	alarms = 0;
});
afterEach(() => {
	watcher?.stop();
	rmSync(folder, { recursive: true, force: true });
});

/** Begins to watch, and waits for the first look. */
async function watched(file: string): Promise<void> {
	watcher = new FileWatcher(file, () => alarms++);
	watcher.start();
	await waitFor('the first look', () => alarms === 1);
}

async function alarmAfter(change: () => void): Promise<void> {
	const before = alarms;
	change();
	await waitFor('an alarm', () => alarms > before);
}

describe('a change is noticed', () => {
	it('when the file is written in place, each time', async () => {
		const file = join(folder, 'a.yaml');
		writeFileSync(file, '1');
		await watched(file);
		await alarmAfter(() => writeFileSync(file, '2'));
		await alarmAfter(() => writeFileSync(file, '3'));
	});

	it('when another file is renamed over it, each time', async () => {
		const file = join(folder, 'a.yaml');
		writeFileSync(file, '1');
		await watched(file);
		for (const text of ['2', '3']) {
			writeFileSync(join(folder, '.a.swp'), text);
			await alarmAfter(() => renameSync(join(folder, '.a.swp'), file));
		}
	});

	it('when Kubernetes swaps the folder of a mounted volume, each time', async () => {
		const swap = (version: string): void => {
			mkdirSync(join(folder, version));
			writeFileSync(join(folder, version, 'a.yaml'), version);
			symlinkSync(version, join(folder, '..data_tmp'));
			renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
		};
		swap('..v1');
		symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
		await watched(join(folder, 'a.yaml'));
		await alarmAfter(() => swap('..v2'));
		await alarmAfter(() => {
			rmSync(join(folder, '..v1'), { recursive: true });
			swap('..v3');
		});
	});

	it('when what the name leads to is written in another folder', async () => {
		mkdirSync(join(folder, 'elsewhere'));
		writeFileSync(join(folder, 'elsewhere', 'real.yaml'), '1');
		symlinkSync('elsewhere/real.yaml', join(folder, 'a.yaml'));
		await watched(join(folder, 'a.yaml'));
		await alarmAfter(() => writeFileSync(join(folder, 'elsewhere', 'real.yaml'), '2'));
	});

	it('when the file goes, and when it comes back', async () => {
		const file = join(folder, 'a.yaml');
		writeFileSync(file, '1');
		await watched(file);
		await alarmAfter(() => unlinkSync(file));
		await alarmAfter(() => writeFileSync(file, '1'));
	});
});

describe('a change of a folder is noticed', () => {
	const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);

	beforeEach(async () => {
		put('a.yaml', '1');
		put('b.yml', '1');
		await watched(folder);
	});

	it('when a file is edited, added, renamed or removed', async () => {
		await alarmAfter(() => put('b.yml', '2'));
		await alarmAfter(() => put('c.yaml', '1'));
		await alarmAfter(() => renameSync(join(folder, 'c.yaml'), join(folder, 'd.yaml')));
		await alarmAfter(() => unlinkSync(join(folder, 'a.yaml')));
	});

	it('when Kubernetes mounts a volume over it and swaps its folder, each time', async () => {
		const swap = (version: string): void => {
			mkdirSync(join(folder, version));
			for (const name of ['a.yaml', 'b.yml']) writeFileSync(join(folder, version, name), version);
			symlinkSync(version, join(folder, '..data_tmp'));
			renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
		};
		await alarmAfter(() => {
			swap('..v1');
			for (const name of ['a.yaml', 'b.yml']) {
				unlinkSync(join(folder, name));
				symlinkSync(`..data/${name}`, join(folder, name));
			}
		});
		await alarmAfter(() => swap('..v2'));
		await alarmAfter(() => swap('..v3'));
	});

	it('when the name of the folder leads to another one', async () => {
		watcher?.stop();
		for (const release of ['one', 'two', 'three']) {
			mkdirSync(join(folder, release));
			put(`${release}/a.yaml`, release);
		}
		symlinkSync('one', join(folder, 'current'));
		alarms = 0;
		await watched(join(folder, 'current'));
		const lead = (release: string): void => {
			symlinkSync(release, join(folder, 'next'));
			renameSync(join(folder, 'next'), join(folder, 'current'));
		};
		await alarmAfter(() => lead('two'));
		await alarmAfter(() => put('two/a.yaml', 'edited'));
		await alarmAfter(() => lead('three'));
	});

	it('and of other files in it there is no alarm', async () => {
		put('access.log', 'line');
		put('.b.yml.swp', 'line');
		await alarmAfter(() => put('b.yml', '3'));
		expect(alarms).toBe(2);
	});

	it('but a file that is away for a moment is no change before the poll finds it gone', async () => {
		unlinkSync(join(folder, 'a.yaml'));
		await alarmAfter(() => undefined);
		expect(alarms).toBe(2);
	});
});

describe('no alarm', () => {
	it('comes of other files in the folder', async () => {
		const file = join(folder, 'a.yaml');
		writeFileSync(file, '1');
		await watched(file);
		writeFileSync(join(folder, 'access.log'), 'line');
		// Had the log raised one, it would have been there before the file's own: alarms keep their order.
		await alarmAfter(() => writeFileSync(file, '2'));
		expect(alarms).toBe(2);
	});

	it('comes after the end', async () => {
		const file = join(folder, 'a.yaml');
		writeFileSync(file, '1');
		await watched(file);
		watcher?.stop();
		let others = 0;
		const other = new FileWatcher(file, () => others++);
		other.start();
		await waitFor('the first look of another', () => others === 1);
		writeFileSync(file, '2');
		await waitFor('the alarm of another', () => others > 1);
		other.stop();
		expect(alarms).toBe(1);
	});
});
