/** The services of a route file, without listeners in front of them. */

import { Security } from '../../src/app/security.ts';
import type { ServiceEnvironment } from '../../src/app/service-parts.ts';
import { Services } from '../../src/app/services.ts';
import { atOnce } from '../../src/app/slices.ts';
import { Telemetry } from '../../src/app/telemetry.ts';
import type { BackendTarget, Config } from '../../src/config/config.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { RateLimiters } from '../../src/filters/rate-limiters.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { systemRandom } from '../../src/io/system.ts';
import type { Destinations } from '../../src/proxy/context.ts';
import { LiveExchanges } from '../../src/proxy/live-exchanges.ts';
import { MirrorsUnderWay } from '../../src/proxy/mirrors-under-way.ts';
import { CheckGate } from '../../src/upstream/check-gate.ts';
import { OwnListeners } from '../../src/upstream/own-listeners.ts';

export function configOf(more: object): Config {
	const file = { app: { port: 8080 }, inbound: { listen: 8000 }, ...more };
	const parsed = parseConfig(JSON.stringify(file), 'test.yaml', () => undefined);
	if (!parsed.ok) throw new Error(parsed.issues.map((issue) => formatIssue(issue)).join('\n'));
	return parsed.config;
}

export class RunningServices {
	readonly telemetry: Telemetry;
	readonly env: ServiceEnvironment;
	private current: Services | null = null;

	/** `watchOf`: default: sources that never say anything. */
	constructor(watchOf: ServiceEnvironment['watchOf'] = () => SILENT) {
		this.telemetry = new Telemetry({ config: configOf({}), process: PROCESS, isHuman: false });
		const { timers, metrics } = this.telemetry;
		this.env = {
			timers,
			metrics,
			security: new Security(this.telemetry, '.'),
			headLimits: DEFAULT_HEAD_LIMITS,
			ownListeners: new OwnListeners(),
			rateLimiters: new RateLimiters((text) => text),
			live: new LiveExchanges(),
			mirrorsUnderWay: new MirrorsUnderWay(),
			log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
			random: systemRandom,
			checkGate: new CheckGate(),
			zone: '',
			watchOf,
		};
	}

	/** Built, and not in force. */
	plan(more: object): Services {
		return atOnce(Services.build(configOf(more), this.env, () => undefined, this.current));
	}

	/** From now on in force. */
	follow(more: object): Services {
		const services = this.plan(more);
		services.takeOver(this.current, this.telemetry.metrics);
		this.current = services;
		return services;
	}

	async stop(): Promise<void> {
		this.current?.close();
		await this.telemetry.close();
		this.telemetry.timers.stop();
	}
}

export function target(parts: Partial<BackendTarget>): BackendTarget {
	const service = parts.service ?? 'payments';
	return { label: service, service, subset: '', port: 0, invalid: '', ...parts };
}

const SILENT = { start: () => undefined, stop: () => undefined };

const PROCESS = {
	version: 'test',
	cpuUsage: () => process.cpuUsage(),
	memoryUsage: () => process.memoryUsage(),
	uptime: () => process.uptime(),
};

export function destinationsOf(services: Services): Destinations {
	return atOnce(services.destinations());
}
