import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndpointCompiler } from '../../src/cli/endpoint-compiler.ts';
import { FileWatch } from '../../src/discovery/file-watch.ts';
import { loopClock } from '../../src/io/loop-clock.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { RecordingSink } from '../discovery/recording-sink.ts';
import { waitFor } from '../support/wait-for.ts';

/** A cold start of the other process on a busy machine. */
const DEADLINE_MS = 15_000;

const program = process.argv[1];
let folder: string;
let watch: FileWatch;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-endpoint-files-'));
	// The other process is this program started again, whichever it is.
	process.argv[1] = join(import.meta.dirname, '../../src/main.ts');
});

afterEach(() => {
	watch.stop();
	process.argv[1] = program ?? '';
	rmSync(folder, { recursive: true });
});

function follow(file: string): RecordingSink {
	const compiler = new EndpointCompiler();
	watch = new FileWatch(file, { timers: new TimerWheel(loopClock), compile: (name) => compiler.compile(name) });
	const sink = new RecordingSink();
	watch.start(sink);
	return sink;
}

describe('a file of endpoints', () => {
	it.each([
		['yaml', '- address: 10.0.0.1:80\n- address: 10.0.0.2:81 # the other\n'],
		['json', '[{ "address": "10.0.0.1:80" }, { "address": "10.0.0.2:81" }]'],
	])('may be %s, and is followed', async (kind, text) => {
		const file = join(folder, `pay.${kind}`);
		writeFileSync(file, text);
		const sink = follow(file);
		await waitFor('the endpoints', () => sink.count === 1, DEADLINE_MS);
		writeFileSync(file, '{}');
		await waitFor('the mistake', () => sink.count === 2, DEADLINE_MS);
		expect(sink.updates).toEqual(['10.0.0.1:80 10.0.0.2:81']);
		expect(sink.failures).toEqual([expect.stringMatching(/pay\.(yaml|json):1:1: /)]);
	});

	it('of ten thousand is taken over whole', async () => {
		const file = join(folder, 'pay.yaml');
		const lines = Array.from({ length: 10_000 }, (_, index) => `- address: 10.1.${index >> 8}.${index & 255}:8080\n`);
		writeFileSync(file, lines.join(''));
		const sink = follow(file);
		await waitFor('the endpoints', () => sink.count === 1, DEADLINE_MS);
		expect(sink.updates[0]?.split(' ')).toHaveLength(10_000);
	});
});
