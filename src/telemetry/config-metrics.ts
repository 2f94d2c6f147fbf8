/** Metrics of the route file: which one runs, when it was taken over, how many updates were taken or refused. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import type { Clock } from '../clock.ts';

const MILLIS_PER_SECOND = 1000;

export class ConfigMetrics {
	private readonly clock: Clock;
	private readonly reloads: Counter<'result'>;
	private readonly lastSuccess: Gauge;
	private readonly info: Gauge<'hash'>;

	constructor(registry: Registry, clock: Clock) {
		this.clock = clock;
		const registers = [registry];
		this.reloads = new Counter({
			name: 'outrigger_config_reloads_total',
			help: 'Updates of the route file: accepted, rejected.',
			labelNames: ['result'],
			registers,
		});
		this.reloads.inc({ result: 'accepted' }, 0);
		this.reloads.inc({ result: 'rejected' }, 0);
		this.lastSuccess = new Gauge({
			name: 'outrigger_config_last_success_timestamp_seconds',
			help: 'When the running route file was taken over, in seconds since the epoch.',
			registers,
		});
		this.info = new Gauge({
			name: 'outrigger_config_info',
			help: 'Hash of the running route file; always 1.',
			labelNames: ['hash'],
			registers,
		});
	}

	/** The file that the process starts with: no reload. */
	started(hash: string): void {
		this.running(hash);
	}

	accepted(hash: string): void {
		this.reloads.inc({ result: 'accepted' });
		this.running(hash);
	}

	/** The running file stays. */
	rejected(): void {
		this.reloads.inc({ result: 'rejected' });
	}

	private running(hash: string): void {
		this.lastSuccess.set(this.clock.wall() / MILLIS_PER_SECOND);
		this.info.reset();
		this.info.set({ hash }, 1);
	}
}
