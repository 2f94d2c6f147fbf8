/**
 * The route file is edited under full load, every third time with a mistake: nobody notices, but that the good versions
 * are in force. And a file of 1,000 rules is taken over without holding up the event loop.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atLeast, atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Sidecar } from '../sidecar.ts';
import { longestTurn, type Turn } from '../turns.ts';
import { VersionLoad } from '../version-load.ts';
import { waitFor } from '../wait.ts';

const TURN_PROBE = new URL('../stall-probe.ts', import.meta.url).href;
const HEAP_PROBE = new URL('../heap-probe.ts', import.meta.url).href;
/** Two files may have to be parsed one after the other, on a machine that is busy with the load. */
const LAST_MS = 60_000;
const CLIENTS = 32;
const WARM_MS = 4000;
/** So long before the first reload the sidecar is warm. */
const QUIET_MS = 1500;
/** Among the versions. */
const WRONG_EVERY = 3;
const MISTAKES = [
	{ inbound: { listen: '127.0.0.1:0', rotues: [] } },
	{ inbound: { listen: '127.0.0.1:0', routes: [{ matches: [{ path: '~ (' }] }] } },
	{ trustedHops: -1 },
	{ workers: 'many' },
];

/** A file in which every answer says twice which version it was routed by: through the app, and by the sidecar itself. */
function blocks(version: number, rules: number): Record<string, unknown> {
	const others = Array.from({ length: rules - 1 }, (_, i) => ({
		hostnames: [`service${i % 50}.shop.svc`],
		matches: [{ path: `/api/v${i}/orders`, method: ['GET', 'POST'] }],
		timeouts: { request: '5s' },
	}));
	const value = String(version);
	const told = {
		name: 'told',
		filters: [
			{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-version', value }] } },
			{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-version', value }] } },
		],
	};
	return { inbound: { listen: '127.0.0.1:0', routes: [...others, told] } };
}

export interface ReloadSettings {
	readonly main?: string | undefined;
	readonly rules: number;
	readonly reloads: number;
	readonly seconds: number;
	readonly clients: number;
	/** Default: long enough to be warm. */
	readonly warmMs?: number;
	/** Between two requests of a client. Default: none. */
	readonly thinkMs?: number;
	/** One of them: to look at turns keeps a core busy, to look at the heap makes long turns. Default: neither. */
	readonly watch?: 'turns' | 'heap';
}

export interface ReloadResult {
	readonly load: VersionLoad;
	readonly taken: number;
	readonly rejected: number;
	/**
	 * Live heap in MB after the first 20 reloads (or a tenth of them), and at the end. Resident memory says nothing here: V8's
	 * nursery grows to its full size within minutes of load, reloads or not, and garbage waits for its collection.
	 */
	readonly settledMb: number;
	readonly endMb: number;
	readonly rssMb: number;
	/** Longest turn of the event loop before the first reload, and while reloads went on. */
	readonly quiet: Turn;
	readonly reloading: Turn;
}

export async function reload(settings: ReloadSettings): Promise<ReloadResult> {
	const { main, rules, clients } = settings;
	const app = await startApp('echoing', 0);
	const options = { main, appPort: app.port, blocks: blocks(0, rules) };
	const sidecar = await Sidecar.start({ ...options, nodeOptions: nodeOptionsOf(settings) });
	try {
		const load = new VersionLoad({ port: sidecar.port, clients, thinkMs: settings.thinkMs ?? 0 });
		await sleep(settings.warmMs ?? WARM_MS);
		const startedAt = performance.timeOrigin + performance.now();
		const settled = await edit(sidecar, app.port, settings);
		const endedAt = performance.timeOrigin + performance.now();
		await load.stop();
		return {
			load,
			taken: await countOf(sidecar, 'accepted'),
			rejected: await countOf(sidecar, 'rejected'),
			...settled,
			endMb: await liveHeapMb(sidecar, settings),
			rssMb: sidecar.rssMb(),
			quiet: longestTurn(sidecar.stallFile, startedAt - QUIET_MS, startedAt),
			reloading: longestTurn(sidecar.stallFile, startedAt, endedAt),
		};
	} finally {
		rmSync(sidecar.stallFile, { force: true });
		await sidecar.stop();
		await app.kill();
	}
}

function countOf(sidecar: Sidecar, result: 'accepted' | 'rejected'): Promise<number> {
	return sidecar.metric('outrigger_config_reloads_total', { result });
}

function nodeOptionsOf({ watch }: ReloadSettings): readonly string[] {
	if (watch === 'turns') return ['--import', TURN_PROBE];
	return watch === 'heap' ? ['--expose-gc', '--import', HEAP_PROBE] : [];
}

/** `NaN` where nobody looks. */
async function liveHeapMb(sidecar: Sidecar, { watch }: ReloadSettings): Promise<number> {
	return watch === 'heap' ? await sidecar.liveHeapMb() : Number.NaN;
}

/** Saves a new version again and again, by turns in place and by a rename over it; each third one is wrong. */
async function edit(sidecar: Sidecar, appPort: number, settings: ReloadSettings) {
	const { rules, reloads, seconds } = settings;
	const { file } = sidecar;
	let settledMb = Number.NaN;
	const pause = (seconds * 1000) / reloads;
	const startedAt = performance.now();
	for (let i = 1; i <= reloads; i++) {
		// The last one is right: a right one before it may be overtaken, and is then never looked at.
		const isWrong = i % WRONG_EVERY === 0 && i < reloads;
		const text = sidecar.textWith(appPort, { ...blocks(i, rules), ...(isWrong ? MISTAKES[i % MISTAKES.length] : {}) });
		if (i % 2 === 0) writeFileSync(file, text);
		else {
			writeFileSync(`${file}.new`, text);
			renameSync(`${file}.new`, file);
		}
		if (i === Math.min(20, Math.ceil(reloads / 10))) settledMb = await liveHeapMb(sidecar, settings);
		// Wrong ones are overtaken as well: the last of them waits until one has been judged.
		if (isWrong && i + WRONG_EVERY >= reloads) {
			await waitFor('a version that is rejected', async () => (await countOf(sidecar, 'rejected')) > 0, LAST_MS);
		}
		await sleep(Math.max(0, startedAt + i * pause - performance.now()));
	}
	const last = String(reloads);
	await waitFor('the last version', async () => (await sidecar.get('/')).headers.get('x-version') === last, LAST_MS);
	return { settledMb };
}

/** A machine with two cores has one left to compile: a version that is overtaken by the next is never looked at. */
const LEAST_SHARE = 0.5;
const STALL_MS = 10;
/** Noise of a heap that is being used. */
const GROWTH_MB = 1;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const reloads = isQuick ? 40 : 200;
	const seconds = isQuick ? 15 : 60;
	say(`${reloads} edits in ${seconds} s under full load`);
	const small = await reload({ main, rules: 20, reloads, seconds, clients: CLIENTS, watch: 'heap' });
	say('1,000 rules');
	const pace = isQuick ? { reloads: 4, seconds: 8 } : { reloads: 20, seconds: 40 };
	const large = await reload({ main, rules: 1000, ...pace, clients: 4, watch: 'turns' });
	return [...figuresOf('20 rules', small, reloads), ...stalls(large)];
};

function figuresOf(what: string, result: ReloadResult, reloads: number): Figure[] {
	const { load, taken, rejected, settledMb, endMb } = result;
	return [
		atMost(`${what}: failed requests`, load.failed, '', 0, `of ${load.answers}`),
		atMost(`${what}: dropped connections`, load.dropped, '', 0),
		atMost(`${what}: answers of no single version`, load.mixed, '', 0, `${load.versions.size} versions seen`),
		atLeast(
			`${what}: edits taken over or rejected`,
			taken + rejected,
			'',
			reloads * LEAST_SHARE,
			`${rejected} rejected`,
		),
		atMost(`${what}: growth of the live heap after the first 20`, endMb - settledMb, 'MB', GROWTH_MB, memoryOf(result)),
	];
}

function memoryOf({ endMb, rssMb }: ReloadResult): string {
	return `${endMb.toFixed(1)} MB, resident ${rssMb.toFixed(0)}`;
}

function stalls({ load, quiet, reloading, taken }: ReloadResult): Figure[] {
	const byClock = `${reloading.ms} ms by the clock; ${taken} reloads`;
	return [
		atMost('1,000 rules: failed requests', load.failed + load.dropped + load.mixed, '', 0, `of ${load.answers}`),
		atMost('1,000 rules: longest turn of the event loop', reloading.cpuMs, 'ms CPU', STALL_MS, byClock),
		reported('1,000 rules: longest turn before', quiet.cpuMs, 'ms CPU', `${quiet.ms} ms by the clock`),
	];
}
