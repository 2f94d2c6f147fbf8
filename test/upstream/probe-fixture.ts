/** Endpoints that are really asked, over sockets of this host. */

import type { HealthCheck, HealthProbe } from '../../src/config/service-config.ts';
import { loopClock, loopTimer } from '../../src/io/loop-clock.ts';
import { systemClock } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { CheckGate } from '../../src/upstream/check-gate.ts';
import { EndpointChecks } from '../../src/upstream/endpoint-checks.ts';
import { buildProbe, type ProbeEnvironment } from '../../src/upstream/endpoint-probe.ts';
import { OwnListeners } from '../../src/upstream/own-listeners.ts';
import type { Probe } from '../../src/upstream/probe.ts';
import { PLAINTEXT_CHECKS } from '../support/plaintext.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';

export const HTTP = { is: 'http', path: '/healthz', from: 200, to: 299 } as const;

export class Probing {
	readonly timers = new TimerWheel(systemClock, 10, loopTimer());
	readonly own = new OwnListeners();
	private readonly closing: { close(): void }[] = [];

	environment(probe: HealthProbe, policy: Partial<HealthCheck> = {}, hostnames: readonly string[] = []) {
		const env: ProbeEnvironment = {
			policy: { probe, interval: 50, timeout: 2000, healthy: 1, unhealthy: 1, ...policy },
			service: { name: 'payments', hostnames },
			clock: loopClock,
			timers: this.timers,
			ownListeners: this.own,
			...PLAINTEXT_CHECKS,
		};
		return env;
	}

	/** One probe of one endpoint, to be asked by `ask`. */
	probe(probe: HealthProbe, port: number, hostnames: readonly string[] = []): Probe {
		const address = `127.0.0.1:${port}`;
		const made = buildProbe(this.environment(probe, {}, hostnames), { host: '127.0.0.1', port, address });
		this.closing.push(made);
		return made;
	}

	checks(probe: HealthProbe, policy: Partial<HealthCheck>) {
		const told: string[] = [];
		const counts = { passed: 0, failed: 0 };
		const checks = new EndpointChecks({
			...this.environment(probe, policy),
			random: new SeededRandom(1),
			gate: new CheckGate(),
			recorder: { healthChecked: (_, result) => counts[result]++ },
			log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
			onChange: (address, isHealthy, reason) => told.push(`${address} ${isHealthy ? 'well' : reason}`),
		});
		this.closing.push({ close: () => checks.stop() });
		return { checks, told, counts };
	}

	stop(): void {
		for (const each of this.closing.splice(0)) each.close();
		this.timers.stop();
	}
}

export function ask(probe: Probe): Promise<string | null> {
	return new Promise((resolve) => probe.ask({ onProbed: resolve }));
}

/** Asks, and gives up as soon as the condition holds. */
export async function askAndGiveUp(probe: Probe, what: string, condition: () => boolean): Promise<string> {
	let answer: string | null = '';
	probe.ask({ onProbed: (failure) => (answer = `heard ${failure}`) });
	await waitFor(what, condition);
	const seen = probe.cancel();
	return answer === '' ? seen : answer;
}

function ignore(): void {
	// not recorded
}
