import { expect, it } from 'vitest';
import { nearest } from '../../src/config/suggest.ts';

const KEYS = ['name', 'hostnames', 'matches', 'backendRefs', 'timeouts', 'retry', 'limits'];

it.each([
	['hostname', 'hostnames', 'a letter is missing'],
	['hostnamess', 'hostnames', 'one too many'],
	['hsotnames', 'hostnames', 'two are swapped'],
	['HostNames', 'hostnames', 'another case'],
	['backendrefs', 'backendRefs', 'another case inside'],
	['timeout', 'timeouts', 'a singular'],
	['nmae', 'name', 'a swap in a short word'],
	['retries', '', 'too far'],
	['host', 'hostnames', 'the beginning'],
	['backend', 'backendRefs', 'the beginning'],
	['tim', 'timeouts', 'three letters'],
	['ba', '', 'too little of a beginning'],
	['zebra', '', 'nothing like any'],
	['x', '', 'one letter says nothing'],
	['', '', 'nothing at all'],
])('for %j suggests %j: %s', (word, expected) => {
	expect(nearest(word, KEYS)).toBe(expected);
});

it('has no suggestion where nothing is known', () => {
	expect(nearest('name', [])).toBe('');
});
