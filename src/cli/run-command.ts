/**
 * `outrigger run FILE|FOLDER [-- COMMAND…]`: reads the file or files, binds, starts the app if there is a command, and stays until
 * a signal or the app's end. Everything wrong with the file is said before anything is bound.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import type { SourceTools } from '../app/source-tools.ts';
import type { App } from '../app.ts';
import { formatIssue } from '../config/issue.ts';
import { clusterAccess } from '../discovery/kubernetes/cluster-access.ts';
import { appEnvironment, callersEnvironment } from './app-environment.ts';
import { compileFile } from './compile-file.ts';
import type { GoodFile } from './compiled-file.ts';
import { EndpointCompiler } from './endpoint-compiler.ts';
import { EXIT } from './exit-codes.ts';
import { Reloader, taken } from './reload.ts';
import { type StopSignal, StopSignals } from './stop-signals.ts';
import { type ChildExit, Supervised, signalNumber } from './supervise.ts';

export interface RunOptions {
	readonly file: string;
	/** The app and its arguments; empty for a plain run. */
	readonly command: readonly string[];
	readonly version: string;
}

/** Resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
	const signals = new StopSignals();
	// The other process parses while this one loads its own code. Ctrl-C at a terminal reaches it as well and ends it.
	const compiling = load(options.file).catch((error: unknown) => {
		if (signals.hasCome) return null;
		throw error;
	});
	const [{ App }, { BindError }, { Telemetry }, { canAcceptShared }] = await Promise.all([
		import('../app.ts'),
		import('../app/bind.ts'),
		import('../app/telemetry.ts'),
		import('../io/accept-shared.ts'),
	]);
	// Found out while there is nothing else to do; `App.start` asks for it.
	canAcceptShared().catch(() => false);
	const compiled = await compiling;
	if (signals.hasCome) return EXIT.done;
	if (compiled === null) return EXIT.badConfig;
	const { config } = compiled;
	const telemetry = new Telemetry({ config, process: processFacts(options.version), isHuman: process.stderr.isTTY });
	const app = new App({ ...(await taken(compiled)), telemetry, sources: sourceTools(options.file) });
	try {
		await app.start();
	} catch (error) {
		if (!(error instanceof BindError)) throw error;
		say(`outrigger: ${error.message}`);
		return error.code === 'EACCES' ? EXIT.noPermission : EXIT.internal;
	}
	announce(app, options);
	// A sidecar that is killed would never leave its compiled code to the next start.
	flushCompileCache();
	const reloader = new Reloader({
		file: options.file,
		app,
		log: telemetry.log,
		compile: (file) => compileFile(file, true),
	});
	reloader.start();
	// Told to stop before it began: the app is not started, and nobody was served.
	const code = signals.hasCome ? EXIT.done : await new Running(app, options.command, signals).untilEnd();
	reloader.stop();
	await app.stop();
	return code;
}

/** `file`: or folder. */
function sourceTools(file: string): SourceTools {
	const compiler = new EndpointCompiler();
	const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
	return {
		folder: isFolder ? file : path.dirname(file),
		compileEndpoints: (endpoints) => compiler.compile(endpoints),
		cluster: clusterAccess(process.env),
	};
}

/** The parsed file; `null` after its issues have been printed. */
async function load(file: string): Promise<GoodFile | null> {
	try {
		accessSync(file, constants.R_OK);
	} catch (error) {
		say(`outrigger: ${file}: ${(error as Error).message}`);
		return null;
	}
	const compiled = await compileFile(file, false);
	const issues = compiled.ok ? [...compiled.warnings, ...compiled.notes] : compiled.issues;
	for (const issue of issues) say(formatIssue(issue));
	if (compiled.ok) return compiled;
	say(`outrigger: ${issues.length} ${issues.length === 1 ? 'issue' : 'issues'} in ${file}; nothing was started`);
	return null;
}

function announce(app: App, { file, command }: RunOptions): void {
	const { inbound, outbound, services, admin, probes } = app.bound;
	const outboundAt = outbound === null ? '' : `, outbound ${hostPort(outbound)}`;
	const probesAt = probes === null ? '' : `, probes :${probes.port}`;
	const servicesAt = [...services].map(([name, bound]) => `, service ${name} ${hostPort(bound)}`).join('');
	say(`outrigger: ${file}: inbound :${inbound}, admin http://${hostPort(admin)}${probesAt}${outboundAt}${servicesAt}`);
	if (command.length > 0) say(`outrigger: starting ${command.join(' ')}`);
}

function hostPort(bound: { address: string; port: number } | null): string {
	if (bound === null) return '-';
	return bound.address.includes(':') ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** From the start to the end: what signals and the app's exit do. */
class Running {
	private readonly app: App;
	private readonly child: Supervised | null;
	private readonly ended: Promise<number>;
	private end: (code: number) => void = () => undefined;
	private isEnding = false;

	constructor(app: App, command: readonly string[], signals: StopSignals) {
		this.app = app;
		this.ended = new Promise((resolve) => {
			this.end = resolve;
		});
		// Before the app is started: once it runs, no signal for it may end us by its default action.
		signals.onSignal((signal) => this.onStop(signal));
		for (const signal of FORWARDED) process.on(signal, () => this.child?.signal(signal));
		const env = appEnvironment(callersEnvironment(process.env), app.bound.outbound);
		this.child = command.length === 0 ? null : new Supervised(command, env);
		this.child?.exited.then(
			(exit) => this.onChildExit(exit),
			() => this.end(EXIT.internal),
		);
	}

	untilEnd(): Promise<number> {
		return this.ended;
	}

	private onStop(signal: StopSignal): void {
		if (this.isEnding) {
			this.child?.signal('SIGKILL');
			return this.end(128 + signalNumber(signal));
		}
		this.isEnding = true;
		// Ctrl-C at a terminal: nobody's endpoint list has to be told.
		const propagationMs = signal === 'SIGINT' && process.stdin.isTTY ? 0 : undefined;
		this.shutDown(propagationMs).catch(() => this.end(EXIT.internal));
	}

	/** Requests first, the app after them. */
	private async shutDown(propagationMs: number | undefined): Promise<void> {
		await this.app.drain(propagationMs);
		const wasGone = this.child === null || this.child.hasExited;
		this.child?.signal('SIGTERM');
		// An app of ours has what it called for until it exits. Whose app will end by itself is told by its port; at a
		// terminal nobody wants to wait for that.
		if (this.child === null && propagationMs !== 0) await this.app.drainOutbound();
		const code = (await this.child?.exited)?.code ?? EXIT.done;
		this.end(wasGone && !STOPPED.has(code) ? code : EXIT.done);
	}

	private onChildExit({ code, startError }: ChildExit): void {
		if (startError !== '') say(`outrigger: ${startError}`);
		// Draining may be waiting for callers to notice, and there is nothing left to call.
		if (this.isEnding) return this.app.suspectApp();
		this.isEnding = true;
		this.app.drain(0).then(
			() => this.end(code),
			() => this.end(EXIT.internal),
		);
	}
}

/** Signals that mean something to apps and nothing to us. To listen to SIGUSR1 is also what keeps Node's debugger shut. */
const FORWARDED = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

/** Ends of an app that was told to stop together with us: a terminal or a service manager signals all processes. */
const STOPPED: ReadonlySet<number> = new Set([0, 128 + signalNumber('SIGINT'), 128 + signalNumber('SIGTERM')]);

function processFacts(version: string) {
	return {
		version,
		cpuUsage: () => process.cpuUsage(),
		memoryUsage: () => process.memoryUsage(),
		uptime: () => process.uptime(),
	};
}

function say(line: string): void {
	process.stderr.write(`${line}\n`);
}
