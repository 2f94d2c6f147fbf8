import { describe, expect, it } from 'vitest';
import { EndpointCompiler } from '../../src/cli/endpoint-compiler.ts';
import { endpointLines, readEndpointLines } from '../../src/cli/endpoint-lines.ts';
import type { CompiledEndpoints } from '../../src/discovery/endpoint-file.ts';
import { breathe } from '../../src/io/breathe.ts';

function good(count: number): CompiledEndpoints {
	const endpoints = Array.from({ length: count }, (_, index) => ({
		host: `10.0.${index >> 8}.${index & 255}`,
		port: 8080,
		weight: 1,
		zone: 'eu-central-1a',
		labels: { version: 'v1', pod: `payments-${index}` },
		identity: '',
	}));
	return { ok: true, hash: 'h', digest: `d${count}`, endpoints };
}

const BAD: CompiledEndpoints = { ok: false, hash: 'b', reason: 'no list' };

async function* pieces(text: string, size: number): AsyncGenerator<string> {
	for (let from = 0; from < text.length; from += size) {
		yield text.slice(from, from + size);
		await breathe();
	}
}

describe('lines of endpoints', () => {
	it.each([1, 7, 65_536])('come back as they were in pieces of %i characters', async (size) => {
		const results = [good(0), BAD, good(120), good(50)];
		const text = [...endpointLines(results)].join('');
		expect(await readEndpointLines(pieces(text, size), breathe)).toEqual(results);
	});

	it('are not taken for whole when the end is missing', async () => {
		const lines = [...endpointLines([good(60)])];
		await expect(readEndpointLines(pieces(lines.slice(0, -1).join(''), 100), breathe)).rejects.toThrow('missing');
	});

	it('do not hold up the event loop, be they ten thousand', async () => {
		const text = [...endpointLines([good(10_000)])].join('');
		// The thread's own time: what other processes take is no stall of ours.
		const busyMs = (): number => {
			const { user, system } = process.threadCpuUsage();
			return (user + system) / 1000;
		};
		let longest = 0;
		let last = busyMs();
		const read = readEndpointLines(pieces(text, 65_536), async () => {
			longest = Math.max(longest, busyMs() - last);
			await breathe();
			last = busyMs();
		});
		expect((await read)[0]).toEqual(good(10_000));
		expect(longest).toBeLessThan(10);
	});
});

describe('the compiler of endpoint files', () => {
	it('serves those who ask together, or meanwhile, in one run each', async () => {
		const runs: (readonly string[])[] = [];
		const compiler = new EndpointCompiler(async (files) => {
			runs.push(files);
			await breathe();
			return files.map((file) => ({ ok: false, hash: '', reason: file }));
		});
		const first = ['a', 'b'].map((file) => compiler.compile(file));
		await first[0];
		const later = ['c', 'd'].map((file) => compiler.compile(file));
		expect(await Promise.all([...first, ...later])).toMatchObject(['a', 'b', 'c', 'd'].map((reason) => ({ reason })));
		expect(runs).toEqual([
			['a', 'b'],
			['c', 'd'],
		]);
	});

	it('starts no process with more than a hundred files', async () => {
		const sizes: number[] = [];
		const compiler = new EndpointCompiler((files) => {
			sizes.push(files.length);
			return Promise.resolve(files.map(() => BAD));
		});
		await Promise.all(Array.from({ length: 250 }, (_, index) => compiler.compile(String(index))));
		expect(sizes).toEqual([100, 100, 50]);
	});

	it('keeps a file that the other process dies of from the others', async () => {
		const compiler = new EndpointCompiler((files) =>
			files.includes('bomb')
				? Promise.reject(new Error('it ended with SIGKILL'))
				: Promise.resolve(files.map(() => BAD)),
		);
		const outcomes = await Promise.allSettled(['a', 'bomb', 'b'].map((file) => compiler.compile(file)));
		expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
	});
});
