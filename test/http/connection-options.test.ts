import { describe, expect, it } from 'vitest';
import { ConnectionOption, connectionOptions } from '../../src/http/connection-options.ts';

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
});
