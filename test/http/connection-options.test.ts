import { describe, expect, it } from 'vitest';
import { ConnectionOption, connectionOptions, MAX_CONNECTION_OPTIONS } from '../../src/http/connection-options.ts';

const { close, keepAlive, upgrade } = ConnectionOption;

describe('connectionOptions', () => {
	it.each([
		['close', close],
		['Close', close],
		['keep-alive', keepAlive],
		['Keep-Alive, Upgrade', keepAlive | upgrade],
		['close ,\tupgrade,keep-alive', close | keepAlive | upgrade],
		[',close,', close],
		['x-close', 0],
		['close;x', 0],
		['closes', 0],
		['', 0],
	])('of %j', (value, bits) => {
		expect(connectionOptions(`:${value}\r`, 1, 1 + value.length)).toBe(bits);
	});

	it('gives up on a list without an end', () => {
		const list = (length: number) => Array.from({ length }, () => 'a').join(',');
		const { tooMany } = ConnectionOption;
		const full = list(MAX_CONNECTION_OPTIONS);
		expect(connectionOptions(full, 0, full.length)).toBe(0);
		const long = list(MAX_CONNECTION_OPTIONS + 1);
		expect(connectionOptions(long, 0, long.length)).toBe(tooMany);
	});
});
