import { describe, expect, it } from 'vitest';
import { isLogLevel, OwnLog } from '../../src/telemetry/own-log.ts';
import { Lines } from './lines.ts';

describe('the own log', () => {
	it('writes one JSON object a line, with the cause of an error', () => {
		const lines = new Lines();
		const log = new OwnLog({ level: 'info', stream: lines, isHuman: false });
		log.info({ port: 8000 }, 'listening');
		log.error({ err: new Error('no', { cause: new Error('deeper') }) }, 'a "quoted"\nmessage');
		const [first, second] = lines.json();
		expect(first).toEqual({
			time: expect.stringMatching(/^\d{4}-.*Z$/),
			level: 'info',
			kind: 'log',
			port: 8000,
			message: 'listening',
		});
		expect(second).toMatchObject({ level: 'error', message: 'a "quoted"\nmessage', err: { type: 'Error' } });
		expect(JSON.stringify(second)).toContain('deeper');
	});

	it('changes its level while it runs', () => {
		const lines = new Lines();
		const log = new OwnLog({ level: 'info', stream: lines, isHuman: false });
		log.debug({}, 'hidden');
		log.level = 'debug';
		log.debug({}, 'shown');
		log.level = 'error';
		log.warn({}, 'hidden');
		log.error({}, 'shown');
		expect(lines.json().map(({ message }) => message)).toEqual(['shown', 'shown']);
		expect(log.level).toBe('error');
	});

	it('is readable on a terminal, which obeys nothing in it', () => {
		const lines = new Lines();
		const log = new OwnLog({ level: 'info', stream: lines, isHuman: true });
		log.warn({ path: '\u001b[31m', n: 2 }, 'red\u009b31m\nalert');
		expect(lines.text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}red 31m alert path="\\u001b\[31m" n=2\n$/);
	});

	it.each([
		['debug', true],
		['error', true],
		['fatal', false],
		['', false],
		['constructor', false],
	])('knows whether %j is a level', (text, expected) => {
		expect(isLogLevel(text)).toBe(expected);
	});
});
