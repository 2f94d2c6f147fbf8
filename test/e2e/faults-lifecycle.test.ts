/** Starting before the app, and ending under load, in short; `bench/faults` has the long versions. */
import { describe, expect, it } from 'vitest';
import { drain, EXIT_CASES, lostOnKept, secondSignal, supervisedExit } from '../../bench/faults/scenarios/drain.ts';
import { hold } from '../../bench/faults/scenarios/hold.ts';

describe('a sidecar that is there before its app', () => {
	it('holds callers until the app listens, and is not ready before', async () => {
		const found = await hold({ callers: 50, appAfterMs: 300, hold: 1024, holdFor: '30s' });
		expect({ ok: found.tally.ok, failures: found.tally.failures }).toEqual({ ok: 50, failures: 0 });
		expect([found.readyBefore, found.readyAfter]).toEqual([503, 200]);
	});

	it('refuses those beyond `hold` at once, with a signed 503', async () => {
		const { tally, answers } = await hold({ callers: 12, appAfterMs: 300, hold: 10, holdFor: '30s' });
		const refused = answers.filter(({ status }) => status === 503);
		expect({ ok: tally.ok, refused: refused.length }).toEqual({ ok: 10, refused: 2 });
		for (const { proxyStatus } of refused) expect(proxyStatus).toContain('overloaded');
	});

	it('tells callers that waited for `holdFor` that nobody is there', async () => {
		const { answers } = await hold({ callers: 3, appAfterMs: null, hold: 1024, holdFor: '300ms' });
		expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
		for (const { proxyStatus, ms } of answers) {
			expect(proxyStatus).toContain('connect_failed');
			expect(ms).toBeGreaterThanOrEqual(290);
		}
	});
});

describe('SIGTERM under load', () => {
	it('turns unready at once, serves during propagation, finishes what is in flight and loses no kept connection', async () => {
		const found = await drain({ propagationMs: 500, slowMs: 800, clients: 16 });
		expect(found.exit).toBe(0);
		expect(found.unreadyMs).toBeLessThan(400);
		expect({ served: found.during > 0, bad: found.duringBad }).toEqual({ served: true, bad: 0 });
		expect({ lost: lostOnKept(found.kept), seen: found.kept.describe() }).toMatchObject({ lost: 0 });
		expect(found.slow.ok).toBe(8);
	});

	it('loses no request that is already connected when there is no propagation', async () => {
		const found = await drain({ propagationMs: 0, slowMs: 300, clients: 16 });
		expect(found.exit).toBe(0);
		expect({ lost: lostOnKept(found.kept), seen: found.kept.describe() }).toMatchObject({ lost: 0 });
	});

	it('ends at once when it is sent again', async () => {
		const { exit, ms } = await secondSignal(undefined);
		expect(exit).toBe(143);
		expect(ms).toBeLessThan(2000);
	});
});

describe('`run -- COMMAND` ends with the app', () => {
	it.each(EXIT_CASES.map((each) => [each.name, each] as const))('%s', async (_name, { script, act, exit }) => {
		expect(await supervisedExit(undefined, script, act)).toBe(exit);
	});
});
