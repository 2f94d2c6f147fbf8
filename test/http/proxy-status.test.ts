import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/error.ts';
import { proxyStatus, type ReplyAttempt } from '../../src/http/proxy-status.ts';

function attempt(parts: Partial<ReplyAttempt> = {}): ReplyAttempt {
	return {
		endpoint: '10.0.0.7:8080',
		isReused: false,
		startMs: 0,
		connectMs: 1,
		firstByteMs: -1,
		outcome: 'upstream_reset',
		status: 0,
		durationMs: 12.4,
		backoffMs: 0,
		...parts,
	};
}

const BASE = 'outrigger; error=connection_terminated; details="upstream_reset"';
const two = [attempt({ outcome: 'ok', status: 503 }), attempt({ endpoint: '10.0.0.8:8080' })];

describe('proxy-status of a local reply', () => {
	it.each([
		['nothing but the code when nothing was tried', [], true, BASE],
		['nothing but the code to strangers after one attempt', [attempt()], false, BASE],
		['how many attempts there were, to everybody', two, false, `${BASE}; attempts=2`],
		[
			'where it went, to those who may know',
			[attempt({ status: 502 })],
			true,
			`${BASE}; next-hop="10.0.0.7:8080"; received-status=502; ledger="10.0.0.7:8080 upstream_reset 12ms"`,
		],
		[
			'what was tried, to those who may know',
			two,
			true,
			`${BASE}; next-hop="10.0.0.8:8080"; attempts=2; ledger="10.0.0.7:8080 ok 12ms, 10.0.0.8:8080 upstream_reset 12ms"`,
		],
		['no endpoint where there was none', [attempt({ endpoint: '' })], true, `${BASE}; ledger="- upstream_reset 12ms"`],
	] as const)('says %s', (_what, attempts, isVerbose, expected) => {
		expect(proxyStatus('upstream_reset', attempts, isVerbose)).toBe(expected);
	});

	it('begins as it always did, is a structured field, and is never long', () => {
		const hostile = fc.record({
			endpoint: fc.string({ unit: 'binary', maxLength: 80 }),
			status: fc.constantFrom(0, 200, 503),
			durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
		});
		const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));
		fc.assert(
			fc.property(code, fc.array(hostile, { maxLength: 8 }), fc.boolean(), (name, parts, isVerbose) => {
				const text = proxyStatus(name, parts.map(attempt), isVerbose);
				expect(text.startsWith(`outrigger; error=${ERROR_CODES[name].proxyStatus}; details="${name}"`)).toBe(true);
				expect(text).toMatch(/^outrigger(?:; [a-z-]+=(?:[a-z_]+|\d+|"[ !#-[\]-~]*"))+$/);
				expect(text.length).toBeLessThanOrEqual(600);
			}),
			{ numRuns: 40 },
		);
	});
});
