import { describe, expect, it } from 'vitest';
import { DirectWrites, type WriteRequest } from '../../src/identity/direct-writes.ts';

/** A handle whose writes end as the test says. */
function handleOf(result: number | (Partial<WriteRequest> & { writeStatus: number | null })) {
	const written: string[] = [];
	const request = typeof result === 'number' ? null : { oncomplete: null, getAsyncId: () => 7, ...result };
	const handle = {
		reading: true,
		writeLatin1String: (_request: null, text: string) => {
			written.push(text);
			return typeof result === 'number' ? result : (request as WriteRequest);
		},
	};
	return { handle, request: request as { writeStatus: number | null } & WriteRequest, written };
}

const taken = { writeQueueSize: 0 };
const full = { writeQueueSize: 1 };

function outcomes() {
	const seen: (string | null)[] = [];
	return { seen, callback: (error?: Error | null) => seen.push(error?.message ?? null) };
}

describe('a direct write', () => {
	it.each([
		[0, null],
		[-32, 'write EPIPE'],
	])('that ends at once with %i is told as that', (status, message) => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		writes.write(handleOf(status).handle, taken, 'text', callback);
		expect(seen).toEqual([message]);
		expect(writes.isOver).toBe(true);
	});

	it.each([
		[0, null],
		[-32, 'write EPIPE'],
	])('whose request has ended when it is handed out is told as that (%i)', (writeStatus, message) => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		writes.write(handleOf({ writeStatus, getAsyncId: () => -1 }).handle, taken, 'text', callback);
		expect(seen).toEqual([message]);
		expect(writes.isOver).toBe(true);
	});

	it('that Node has let go of before it began has failed', () => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		writes.write(handleOf({ writeStatus: null, getAsyncId: () => -1 }).handle, taken, 'text', callback);
		expect(seen).toEqual(['write EPROTO']);
	});

	it.each([
		[0, null],
		[-104, 'write ECONNRESET'],
	])('that the kernel has not taken whole is told when it ends (%i)', (status, message) => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		const { handle, request } = handleOf({ writeStatus: null });
		writes.write(handle, full, 'text', callback);
		expect(seen).toEqual([]);
		request.oncomplete?.(status);
		expect(seen).toEqual([message]);
	});

	it('that the kernel has taken is told at once, and the next one comes when Node is done with it', () => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		const { handle, request } = handleOf({ writeStatus: null });
		writes.write(handle, taken, 'text', callback);
		expect(seen).toEqual([null]);
		expect([writes.isOver, request.oncomplete]).toEqual([false, null]);
		request.writeStatus = 0;
		expect(writes.isOver).toBe(true);
	});

	it.each([
		[0, null],
		[-125, 'write ECANCELED'],
	])('holds up the next one until it has ended (%i)', (status, message) => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		const { handle, request } = handleOf({ writeStatus: null });
		writes.write(handle, taken, 'text', () => undefined);
		writes.afterLast(callback);
		expect(seen).toEqual([]);
		request.oncomplete?.(status);
		expect(seen).toEqual([message]);
	});

	it('that has failed meanwhile fails the next one, once', () => {
		const writes = new DirectWrites();
		const { seen, callback } = outcomes();
		const { handle, request } = handleOf({ writeStatus: null });
		writes.write(handle, taken, 'text', () => undefined);
		request.writeStatus = -104;
		expect(writes.isOver).toBe(false);
		writes.afterLast(callback);
		writes.afterLast(callback);
		expect(seen).toEqual(['write ECONNRESET', null]);
	});
});
