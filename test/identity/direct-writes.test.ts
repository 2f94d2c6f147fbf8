import { describe, expect, it } from 'vitest';
import { DirectWrites, type WriteRequest } from '../../src/identity/direct-writes.ts';

/** How a call returns: with a code, or with a request. */
type Result = number | Partial<WriteRequest>;
/** Node writes to it. */
type Writable = { -readonly [Key in keyof WriteRequest]: WriteRequest[Key] };

const taken = { writeQueueSize: 0 };
const full = { writeQueueSize: 1 };
const UNDER_WAY = { writeStatus: null };

function outcomes() {
	const seen: (string | null)[] = [];
	return { seen, callback: (error?: Error | null) => seen.push(error?.message ?? null) };
}

/** A first write, on a handle whose calls return as the test says. */
function written(result: Result, below = taken) {
	const given = typeof result === 'number' ? {} : result;
	const request: Writable = { writeStatus: null, oncomplete: null, getAsyncId: () => 7, ...given };
	const handle = { reading: true, writeLatin1String: () => (typeof result === 'number' ? result : request) };
	const writes = new DirectWrites();
	const failure = writes.write(handle, below, 'text')?.message ?? null;
	return { writes, failure, request };
}

describe('a direct write', () => {
	const letGo = () => -1;
	it.each<[Result, string | null]>([
		[0, null],
		[-32, 'write EPIPE'],
		[{ writeStatus: 0, getAsyncId: letGo }, null],
		[{ writeStatus: -32, getAsyncId: letGo }, 'write EPIPE'],
	])('that has ended when the call returns is told as that (%j)', (result, message) => {
		const { writes, failure } = written(result);
		expect(failure).toBe(message);
		expect(writes.isOver).toBe(true);
	});

	it('that Node has let go of before it began has failed', () => {
		expect(written({ ...UNDER_WAY, getAsyncId: letGo }).failure).toBe('write EPROTO');
	});

	it.each([
		[0, null],
		[-104, 'write ECONNRESET'],
	])(
		'that the kernel has not taken whole is held, and told to who waits for it when it ends (%i)',
		(status, message) => {
			const { writes, request } = written(UNDER_WAY, full);
			expect([writes.isHeld, writes.isOver, request.oncomplete]).toEqual([true, false, null]);
			const { seen, callback } = outcomes();
			writes.afterLast(callback);
			expect([writes.isHeld, seen]).toEqual([false, []]);
			request.oncomplete?.(status);
			expect(seen).toEqual([message]);
		},
	);

	it('that the kernel has taken calls nobody back, and the next one comes when Node is done with it', () => {
		const { writes, failure, request } = written(UNDER_WAY);
		expect(failure).toBe(null);
		expect([writes.isHeld, writes.isOver, request.oncomplete]).toEqual([false, false, null]);
		request.writeStatus = 0;
		expect(writes.isOver).toBe(true);
	});

	it.each([
		[0, null],
		[-125, 'write ECANCELED'],
	])('holds up the next one until it has ended (%i)', (status, message) => {
		const { writes, request } = written(UNDER_WAY);
		const { seen, callback } = outcomes();
		writes.afterLast(callback);
		expect([seen, writes.isOver]).toEqual([[], false]);
		request.oncomplete?.(status);
		expect([seen, writes.isOver]).toEqual([[message], true]);
	});

	it('that has failed meanwhile fails the next one, once', () => {
		const { writes, request } = written(UNDER_WAY);
		const { seen, callback } = outcomes();
		request.writeStatus = -104;
		expect(writes.isOver).toBe(false);
		writes.afterLast(callback);
		writes.afterLast(callback);
		expect(seen).toEqual(['write ECONNRESET', null]);
	});
});
