import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileEndpoints } from '../../src/cli/compile-endpoints.ts';
import type { EndpointConfig } from '../../src/config/service-config.ts';
import type { CompiledEndpoints } from '../../src/discovery/endpoint-file.ts';
import { FileWatch } from '../../src/discovery/file-watch.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { waitFor } from '../support/wait-for.ts';
import { RecordingSink } from './recording-sink.ts';

let folder: string;
let file: string;
let compiled: number;
let timers: ManualTimers;
const watches: FileWatch[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-endpoints-'));
	file = join(folder, 'pay.json');
	compiled = 0;
	timers = new ManualTimers(new ManualClock());
});

afterEach(() => {
	for (const watch of watches.splice(0)) watch.stop();
	rmSync(folder, { recursive: true });
});

/** A list of ports, in place of the format that people write. */
function parse(text: string, name: string) {
	const place = { file: name, line: 1, column: 2, length: 1, excerpt: '', excerptColumn: 1, path: '' };
	try {
		const ports = JSON.parse(text) as number[];
		const endpoints = ports.map(
			(port): EndpointConfig => ({ host: 'h', port, weight: 1, zone: '', labels: {}, identity: '' }),
		);
		return { ok: true, endpoints } as const;
	} catch {
		const issue = { ...place, severity: 'error', message: 'not a list', expected: 'a list', hint: '' } as const;
		return { ok: false, issues: Array.from({ length: 4 }, () => issue) } as const;
	}
}

function compile(name: string): Promise<CompiledEndpoints> {
	compiled++;
	const newHash = () => createHash('sha256');
	const [result] = compileEndpoints([name], { readFile: (each) => readFileSync(each), newHash, parse });
	return result === undefined ? Promise.reject(new Error('nothing')) : Promise.resolve(result);
}

function watch(compileWith = compile): RecordingSink {
	const made = new FileWatch(file, { timers, compile: compileWith });
	const sink = new RecordingSink();
	made.start(sink);
	expect(sink.count).toBe(0);
	watches.push(made);
	return sink;
}

async function told(sink: RecordingSink, count: number): Promise<void> {
	await waitFor(`word number ${count}`, () => sink.count >= count);
}

describe('endpoints from a file', () => {
	it('are those in it, and follow it in place, by rename and by a swapped symbolic link', async () => {
		for (const [version, text] of Object.entries({ v1: '[1]', v2: '[2]' })) {
			mkdirSync(join(folder, version));
			writeFileSync(join(folder, version, 'pay.json'), text);
		}
		symlinkSync('v1', join(folder, '..data'));
		symlinkSync('..data/pay.json', file);
		const sink = watch();
		await told(sink, 1);
		symlinkSync('v2', join(folder, '..new'));
		renameSync(join(folder, '..new'), join(folder, '..data'));
		await told(sink, 2);
		writeFileSync(join(folder, 'next'), '[3]');
		renameSync(join(folder, 'next'), file);
		await told(sink, 3);
		writeFileSync(file, '[4,5]');
		await told(sink, 4);
		expect(sink.updates).toEqual(['h:1', 'h:2', 'h:3', 'h:4 h:5']);
		expect(sink.failures).toEqual([]);
	});

	it('may be none', async () => {
		writeFileSync(file, '[]');
		const sink = watch();
		await told(sink, 1);
		expect(sink.updates).toEqual(['']);
	});

	it('stay when the file is bad, which is told once with its place, until it is mended', async () => {
		writeFileSync(file, '[1]');
		const sink = watch();
		await told(sink, 1);
		writeFileSync(file, '[1');
		await told(sink, 2);
		writeFileSync(join(folder, 'same'), '[1');
		renameSync(join(folder, 'same'), file);
		writeFileSync(file, '[1]');
		await told(sink, 3);
		const one = `${file}:1:2: not a list; expected a list`;
		expect(sink.failures).toEqual([`${one} | ${one} | ${one} | and 1 more`]);
		expect(sink.updates).toEqual(['h:1', 'h:1']);
		// The list of the good content was still known.
		expect(compiled).toBe(2);
	});

	it('stay when the file is gone, and are found when it comes', async () => {
		const sink = watch();
		await told(sink, 1);
		expect(sink.failures).toEqual([`${file}: there is no such file`]);
		writeFileSync(file, '[1]');
		await told(sink, 2);
		rmSync(file);
		await told(sink, 3);
		writeFileSync(file, '[1]');
		await told(sink, 4);
		expect(sink.updates).toEqual(['h:1', 'h:1']);
	});

	it('are not told again when only the layout has changed', async () => {
		writeFileSync(file, '[1]');
		const sink = watch();
		await told(sink, 1);
		writeFileSync(file, '[ 1 ]');
		await waitFor('the other layout to be parsed', () => compiled === 2);
		writeFileSync(file, '[2]');
		await told(sink, 2);
		expect(sink.updates).toEqual(['h:1', 'h:2']);
	});

	it('are asked for again some seconds after the other process has failed', async () => {
		writeFileSync(file, '[1]');
		let failures = 0;
		const sink = watch((name) => (failures++ === 0 ? Promise.reject(new Error('no memory')) : compile(name)));
		await told(sink, 1);
		expect(sink.failures).toEqual([`${file}: no memory`]);
		await waitFor('another try to be planned', () => timers.size === 1);
		timers.advance(5000);
		await told(sink, 2);
		expect(sink.updates).toEqual(['h:1']);
	});

	it('are not told after the watch has been stopped', async () => {
		writeFileSync(file, '[1]');
		const { promise, resolve } = Promise.withResolvers<void>();
		const sink = watch(async (name) => {
			await promise;
			return compile(name);
		});
		await told(sink, 0);
		for (const each of watches.splice(0)) each.stop();
		resolve();
		await promise;
		await new Promise(setImmediate);
		expect(sink.count).toBe(0);
	});
});
