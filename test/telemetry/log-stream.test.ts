import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogStream } from '../../src/telemetry/log-stream.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { waitFor } from '../support/wait-for.ts';

let folder = '';
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'outrigger-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

function openFile(name: string, maxBufferedBytes?: number) {
	const timers = new ManualTimers(new ManualClock());
	const trouble: string[] = [];
	const stream = new LogStream({
		destination: { file: join(folder, name) },
		timers,
		onTrouble: (reason) => trouble.push(reason),
		...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
	});
	return { stream, timers, trouble, read: () => readFile(join(folder, name), 'utf8') };
}

describe('a log stream', () => {
	it('writes lines in order, at the latest when its time is up', async () => {
		const { stream, timers, read } = openFile('sub/folder/log');
		stream.write('one\n');
		stream.write('two €\n');
		timers.advance(100);
		await waitFor('both lines', async () => (await read().catch(() => '')) === 'one\ntwo €\n');
		await stream.close();
	});

	it('writes at once when much has gathered, and all of it before it closes', async () => {
		const { stream, timers, read } = openFile('log');
		const line = `${'x'.repeat(999)}\n`;
		for (let i = 0; i < 9; i++) stream.write(line);
		await waitFor('the first batch', async () => (await read().catch(() => '')).length >= 8000);
		stream.write('last\n');
		await stream.close();
		expect(await read()).toBe(`${line.repeat(9)}last\n`);
		expect(timers.size).toBe(0);
		stream.write('too late\n');
		expect(stream.dropped).toBe(1);
	});

	it('drops whole lines and counts them when too much waits', async () => {
		const { stream, read } = openFile('log', 20_000);
		const line = `${'x'.repeat(99)}\n`;
		for (let i = 0; i < 1000; i++) stream.write(line);
		await stream.close();
		const written = (await read()).length / line.length;
		expect(written).toBeGreaterThan(100);
		expect(Number.isInteger(written)).toBe(true);
		expect(written + stream.dropped).toBe(1000);
	});

	it('goes on in a new file after rotation', async () => {
		const { stream, read } = openFile('log');
		stream.write('old\n');
		stream.flush();
		await waitFor('the old line', async () => (await read().catch(() => '')) === 'old\n');
		await rename(join(folder, 'log'), join(folder, 'log.1'));
		stream.reopen();
		stream.write('new\n');
		stream.flush();
		await waitFor('the new line', async () => (await read().catch(() => '')) === 'new\n');
		await stream.close();
		expect(await readFile(join(folder, 'log.1'), 'utf8')).toBe('old\n');
	});

	it('says once when the destination fails', async () => {
		const timers = new ManualTimers(new ManualClock());
		const trouble: string[] = [];
		const stream = new LogStream({
			destination: { file: '/dev/full' },
			timers,
			onTrouble: (reason) => trouble.push(reason),
		});
		for (let i = 0; i < 3; i++) {
			stream.write('lost\n');
			stream.flush();
			await waitFor('the failure', () => trouble.length > 0);
		}
		expect(trouble).toHaveLength(1);
		expect(trouble[0]).toContain('ENOSPC');
		await stream.close();
	});

	it('neither stalls the event loop nor holds up the exit when nobody reads stdout', async () => {
		// A shell, because Node itself gives children sockets, not pipes. The reader waits for the child to have gone.
		const script = fileURLToPath(new URL('./stuck-stdout.ts', import.meta.url));
		const command = '{ "$0" "$1"; echo "exit $?" >&2; echo gone >"$2"; } | { read -r _ <"$2"; cat >/dev/null; }';
		execFileSync('mkfifo', [join(folder, 'gone')]);
		const shell = spawn('sh', ['-c', command, process.execPath, script, join(folder, 'gone')], {
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		let report = '';
		shell.stderr.on('data', (chunk: Buffer) => {
			report += chunk.toString();
		});
		await waitFor('the exit of the child', () => report.includes('exit'), 10_000);
		// Its last write would put a file into the folder while that is being removed.
		await waitFor('the end of the shell', () => shell.exitCode !== null, 10_000);
		expect(report).toContain('exit 0');
		const { longestTurnMs, dropped } = JSON.parse(report.split('\n')[0] ?? '') as Record<string, number>;
		expect(dropped).toBeGreaterThan(0);
		expect(longestTurnMs).toBeLessThan(1000);
	});
});
