/** What the sidecar weighs: idle, with idle connections, and under bodies that are far bigger than any buffer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { download, type TransferSettings, upload } from '../transfer.ts';

const SETTLE_MS = 1500;
const SAMPLE_MS = 50;
const IDLE_CONNECTIONS = 1000;
/** Small requests before a big body, so that what every first request costs is not counted as growth. */
const WARM_REQUESTS = 200;

export async function idle(main: string | undefined): Promise<{ idleMb: number; connectionsMb: number }> {
	const app = await startApp('ordinary', 0, { keepAliveMs: 60_000 });
	const sidecar = await Sidecar.start({ main, appPort: app.port });
	try {
		await sidecar.adminGet('/metrics');
		await sleep(SETTLE_MS);
		const idleMb = sidecar.rssMb();
		const tally = new Tally();
		// Each client answers once and then thinks for longer than anybody looks: its connection idles.
		let asked = 0;
		const think = () => (asked++ < IDLE_CONNECTIONS ? Math.random() * 1000 : 600_000);
		const load = new Load({ port: sidecar.port, clients: IDLE_CONNECTIONS, tally, think });
		while (tally.ok < IDLE_CONNECTIONS) await sleep(SAMPLE_MS);
		await sleep(SETTLE_MS);
		const connectionsMb = sidecar.rssMb();
		await load.stop();
		return { idleMb, connectionsMb };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

export interface Growth {
	readonly beforeMb: number;
	readonly peakMb: number;
	readonly seconds: number;
}

export interface BulkSettings {
	readonly main?: string | undefined;
	readonly direction: 'download' | 'upload';
	readonly isChunked: boolean;
	readonly bytes: number;
	readonly stutterMs: number;
}

/** A fresh sidecar for one transfer: what it weighed before, and at its heaviest. */
export async function bulk({ main, direction, isChunked, bytes, stutterMs }: BulkSettings): Promise<Growth> {
	const app = await startApp('bulk', 0, { bytes, stutterMs });
	const sidecar = await Sidecar.start({ main, appPort: app.port });
	try {
		const load = new Load({ port: sidecar.port, clients: 4, tally: new Tally(), total: WARM_REQUESTS, path: '/small' });
		await load.done;
		await sleep(SETTLE_MS);
		const beforeMb = sidecar.rssMb();
		const startedAt = performance.now();
		const peak = watchPeak(sidecar);
		const settings: TransferSettings = { port: sidecar.port, bytes, isChunked, stutterMs };
		const moved = await (direction === 'download' ? download(settings) : upload(settings));
		if (moved < bytes) throw new Error(`${direction}: ${moved} of ${bytes} bytes`);
		return { beforeMb, peakMb: peak.stop(), seconds: (performance.now() - startedAt) / 1000 };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

function watchPeak(child: Child): { stop(): number } {
	let peak = child.rssMb();
	const timer = setInterval(() => {
		peak = Math.max(peak, child.rssMb());
	}, SAMPLE_MS);
	return {
		stop() {
			clearInterval(timer);
			return Math.max(peak, child.rssMb());
		},
	};
}

const GIB = 1024 ** 3;
/** The reader is away for this long after every 16 MiB: 128 times in 2 GiB. */
const STUTTER_MS = 20;

export const IDLE_MB = 75;
export const CONNECTIONS_MB = 110;
export const GROWTH_MB = 30;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const { idleMb, connectionsMb } = await idle(main);
	const figures: Figure[] = [
		atMost('RSS idle, after a scrape', idleMb, 'MB', IDLE_MB),
		atMost(`RSS with ${IDLE_CONNECTIONS} idle connections`, connectionsMb, 'MB', CONNECTIONS_MB),
	];
	const bytes = isQuick ? GIB / 4 : 2 * GIB;
	for (const direction of ['download', 'upload'] as const) {
		for (const isChunked of [false, true]) {
			const name = `${direction} of ${bytes / GIB} GiB${isChunked ? ', chunked' : ''}`;
			const growth = await bulk({ main, direction, isChunked, bytes, stutterMs: STUTTER_MS });
			const { beforeMb, peakMb, seconds } = growth;
			const note = `${beforeMb.toFixed(1)} to ${peakMb.toFixed(1)} MB in ${seconds.toFixed(1)} s`;
			say(`${name}: ${note}`);
			figures.push(atMost(`growth: ${name}`, peakMb - beforeMb, 'MB', GROWTH_MB, note));
			figures.push(reported(`speed: ${name}`, bytes / 1e6 / seconds, 'MB/s'));
		}
	}
	return figures;
};
