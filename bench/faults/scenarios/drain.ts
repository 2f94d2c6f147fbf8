/** SIGTERM under load: unready at once, nothing lost that was accepted, exit 0; and how `run -- COMMAND` ends. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { Load, Tally } from '../load.ts';
import { getOnce, Sidecar } from '../sidecar.ts';
import { waitFor, within } from '../wait.ts';

export interface DrainSettings {
	readonly main?: string | undefined;
	readonly propagationMs: number;
	/** Requests that take this long are under way at the end of propagation. */
	readonly slowMs: number;
	readonly clients: number;
}

export interface DrainResult {
	/** Keep-alive clients, and clients with a connection a request. */
	readonly kept: Tally;
	readonly fresh: Tally;
	readonly slow: Tally;
	/** From the signal to the first `/ready` that is not 2xx. */
	readonly unreadyMs: number;
	readonly exit: number | string;
	/** From the signal to the end of the process. */
	readonly exitMs: number;
	/** Answers given within `propagationMs` of the signal, and those of them that were not 200. */
	readonly during: number;
	readonly duringBad: number;
}

/** Loss is judged until the listener closes; refused connects after that are what a closed port is. */
export async function drain({ main, propagationMs, slowMs, clients }: DrainSettings): Promise<DrainResult> {
	const app = await startApp('ordinary', 0);
	const shutdown = { drain: '10s', propagation: `${propagationMs}ms` };
	const sidecar = await Sidecar.start({ main, appPort: app.port, blocks: { shutdown } });
	const { port } = sidecar;
	const [kept, fresh, slow] = [new Tally(), new Tally(), new Tally()];
	try {
		const loads = [
			new Load({ port, clients, tally: kept, think: () => Math.random() * 4 }),
			new Load({ port, clients: Math.ceil(clients / 4), tally: fresh, closes: true, think: () => Math.random() * 8 }),
		];
		await waitFor('steady traffic', () => kept.ok > 200 && fresh.ok > 20);
		const signalledAt = performance.now();
		let during = 0;
		let duringBad = 0;
		kept.onAnswer = ({ at, status }) => {
			if (at > signalledAt + propagationMs) return;
			during++;
			if (status !== 200) duringBad++;
		};
		sidecar.signal('SIGTERM');
		const path = `/delay/${slowMs}`;
		const startSlow = sleep(propagationMs / 2).then(
			() => new Load({ port, clients: 8, tally: slow, total: 8, path }).done,
		);
		await waitFor('unreadiness', async () => (await sidecar.adminGet('/ready')).status !== 200);
		const unreadyMs = performance.now() - signalledAt;
		const exit = await within('the end of the sidecar', sidecar.exited);
		const exitMs = performance.now() - signalledAt;
		await Promise.all([...loads.map((load) => load.stop()), startSlow]);
		return { kept, fresh, slow, unreadyMs, exit, exitMs, during, duringBad };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

/** Requests lost on connections that had been served before. Connects that never came about are no loss. */
export function lostOnKept(tally: Tally): number {
	return tally.failures - sumOf(tally, (what) => what.startsWith('connect ') || what.endsWith('new connection'));
}

/**
 * Requests lost on connections that the kernel had taken, and the listener not yet. A few microseconds remain in which
 * that can happen, between the last look at the queue and its end.
 */
export function lostOnNew(tally: Tally): number {
	return sumOf(tally, (what) => what.endsWith('new connection'));
}

function sumOf(tally: Tally, isWanted: (what: string) => boolean): number {
	return [...tally.errors].reduce((sum, [what, count]) => sum + (isWanted(what) ? count : 0), 0);
}

/** A second signal while a request would hold the drain for long. Resolves to the exit and the time from that signal. */
export async function secondSignal(main: string | undefined): Promise<{ exit: number | string; ms: number }> {
	const app = await startApp('ordinary', 0);
	const sidecar = await Sidecar.start({ main, appPort: app.port });
	try {
		const socket = connect(sidecar.port, '127.0.0.1');
		socket.on('error', () => {});
		socket.write('GET /delay/8000 HTTP/1.1\r\nhost: app.test\r\n\r\n');
		await waitFor('the request to be under way', async () => (await sidecar.service()).requests.active === 1);
		sidecar.signal('SIGTERM');
		await waitFor('unreadiness', async () => (await sidecar.adminGet('/ready')).status !== 200);
		const at = performance.now();
		sidecar.signal('SIGTERM');
		const exit = await within('the end of the sidecar', sidecar.exited);
		return { exit, ms: performance.now() - at };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

/** `{port}` in the script stands for the app's port. The sidecar's exit when the app does what the script says. */
export async function supervisedExit(
	main: string | undefined,
	script: string,
	act: (sidecar: Sidecar) => Promise<void> | void = () => {},
): Promise<number | string> {
	const port = await fixedPort();
	const command = [process.execPath, '-e', script.replaceAll('{port}', String(port))];
	const sidecar = await Sidecar.start({ main, appPort: port, command, until: 'bound' });
	try {
		await act(sidecar);
		return await within('the end of the sidecar', sidecar.exited);
	} finally {
		await sidecar.stop();
	}
}

const SERVE = "require('node:http').createServer((q,s)=>s.end('ok')).listen({port},'127.0.0.1');";

export interface ExitCase {
	readonly name: string;
	readonly script: string;
	readonly act?: (sidecar: Sidecar) => Promise<void>;
	readonly exit: number;
}

const whenReady = (then: (sidecar: Sidecar) => void) => async (sidecar: Sidecar) => {
	await sidecar.waitUntilReady();
	then(sidecar);
};
const askToDie = whenReady(({ port }) => {
	getOnce(port, '/').catch(() => {});
});
const dieWhenAsked = (how: string) =>
	`require('node:http').createServer((q,s)=>{s.end('ok');setTimeout(()=>${how},50)}).listen({port},'127.0.0.1');`;

export const EXIT_CASES: readonly ExitCase[] = [
	{ name: 'the app exits 3 before it listens', script: 'setTimeout(()=>process.exit(3),100)', exit: 3 },
	{ name: 'the app exits 0 while serving', script: dieWhenAsked('process.exit(0)'), act: askToDie, exit: 0 },
	{ name: 'the app exits 7 while serving', script: dieWhenAsked('process.exit(7)'), act: askToDie, exit: 7 },
	{
		name: 'SIGKILL ends the app',
		script: dieWhenAsked("process.kill(process.pid,'SIGKILL')"),
		act: askToDie,
		exit: 137,
	},
	{
		name: 'SIGTERM from elsewhere',
		script: dieWhenAsked("process.kill(process.pid,'SIGTERM')"),
		act: askToDie,
		exit: 143,
	},
	{ name: 'our own SIGTERM ended it', script: SERVE, act: whenReady((sidecar) => sidecar.signal('SIGTERM')), exit: 0 },
	{
		name: 'our own SIGTERM, and the app exits 143 by itself',
		script: `process.on('SIGTERM',()=>process.exit(143));${SERVE}`,
		act: whenReady((sidecar) => sidecar.signal('SIGTERM')),
		exit: 0,
	},
];

const ROUNDS = 10;
/** With forty clients that all connect again at the same moment. */
const LOST_NEW = 1;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const rounds: DrainResult[] = [];
	for (let i = 0; i < (isQuick ? 3 : ROUNDS); i++) {
		rounds.push(await drain({ main, propagationMs: i % 2 === 0 ? 500 : 0, slowMs: 1000, clients: 32 }));
		const { kept, fresh, slow, exitMs } = rounds.at(-1) as DrainResult;
		say(`kept ${kept.describe()} | fresh ${fresh.describe()} | slow ${slow.describe()} | ${exitMs.toFixed(0)} ms`);
	}
	const second = await secondSignal(main);
	const sum = (of: (round: DrainResult) => number) => rounds.reduce((total, round) => total + of(round), 0);
	const lostNew = sum(({ kept, fresh, slow }) => lostOnNew(kept) + lostOnNew(fresh) + lostOnNew(slow));
	const figures: Figure[] = [
		atMost('/ready turns false, slowest', Math.max(...rounds.map((round) => round.unreadyMs)), 'ms', 100),
		atMost(
			'not served during propagation',
			sum((round) => round.duringBad),
			`of ${sum((round) => round.during)}`,
			0,
		),
		atMost(
			'lost on connections that had been served',
			sum(({ kept, slow }) => lostOnKept(kept) + lostOnKept(slow)),
			'',
			0,
		),
		atMost('lost on new connections, of each drain', lostNew / rounds.length, '', LOST_NEW),
		atMost('exits other than 0', rounds.filter(({ exit }) => exit !== 0).length, '', 0),
		reported('from signal to exit, slowest', Math.max(...rounds.map((round) => round.exitMs)), 'ms'),
		atMost('a second signal ends it', second.ms, 'ms', 500, `exit ${second.exit}`),
	];
	for (const { name, script, act, exit } of EXIT_CASES) {
		const code = await supervisedExit(main, script, act);
		figures.push({
			name: `exit: ${name}`,
			value: Number(code),
			unit: '',
			limit: { atMost: exit },
			note: `${exit} wanted`,
		});
	}
	return figures;
};
