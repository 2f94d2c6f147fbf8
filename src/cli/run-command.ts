/**
 * `outrigger run FILE|FOLDER [-- COMMAND…]`: reads the file, binds, starts the app if there is a command, and stays until
 * a signal or the app's end. Everything wrong with the file is said before anything is bound.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import type { App } from '../app.ts';
import { formatIssue } from '../config/issue.ts';
import { loadRegexCompiler, noRegex } from '../routing/regex.ts';
import { needsRegex } from '../routing/table.ts';
import { type CompiledFile, compileFile } from './compile-file.ts';
import { EXIT } from './exit-codes.ts';
import { Supervised, signalNumber } from './supervise.ts';

export interface RunOptions {
	readonly file: string;
	/** The app and its arguments; empty for a plain run. */
	readonly command: readonly string[];
	readonly version: string;
}

/** Resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
	// The other process parses while this one loads its own code.
	const compiling = load(options.file);
	const [{ App, BindError }, { Telemetry }] = await Promise.all([import('../app.ts'), import('../app/telemetry.ts')]);
	const compiled = await compiling;
	if (compiled === null) return EXIT.badConfig;
	const { config } = compiled;
	const telemetry = new Telemetry({ config, process: processFacts(options.version), isHuman: process.stderr.isTTY });
	const app = new App({
		config,
		effectiveConfig: compiled.effective,
		telemetry,
		compileRegex: needsRegex(config.inbound.routes) ? await loadRegexCompiler() : noRegex,
	});
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
	const code = await new Running(app, config.shutdown.propagation, options.command).untilEnd();
	await app.stop();
	return code;
}

/** The parsed file; `null` after its issues have been printed. */
async function load(given: string): Promise<Extract<CompiledFile, { ok: true }> | null> {
	let file: string;
	try {
		file = fileOf(given);
		accessSync(file, constants.R_OK);
	} catch (error) {
		say(`outrigger: ${given}: ${(error as Error).message}`);
		return null;
	}
	const compiled = await compileFile(file);
	const issues = compiled.ok ? compiled.warnings : compiled.issues;
	for (const issue of issues) say(formatIssue(issue));
	if (compiled.ok) return compiled;
	say(`outrigger: ${issues.length} ${issues.length === 1 ? 'issue' : 'issues'} in ${file}; nothing was started`);
	return null;
}

/** A folder stands for its one YAML file. */
function fileOf(given: string): string {
	if (!statSync(given).isDirectory()) return given;
	const files = readdirSync(given).filter((name) => name.endsWith('.yaml'));
	const [first] = files.sort();
	if (first === undefined || files.length > 1) {
		throw new Error(`a folder must hold exactly one *.yaml file in this version; this one has ${files.length}`);
	}
	return path.join(given, first);
}

function announce(app: App, { file, command }: RunOptions): void {
	const { inbound, admin, probes } = app.bound;
	const probesAt = probes === null ? '' : `, probes :${probes.port}`;
	say(`outrigger: ${file}: inbound :${inbound}, admin http://${hostPort(admin)}${probesAt}`);
	if (command.length > 0) say(`outrigger: starting ${command.join(' ')}`);
}

function hostPort(bound: { address: string; port: number } | null): string {
	if (bound === null) return '-';
	return bound.address.includes(':') ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** From the start to the end: what signals and the app's exit do. */
class Running {
	private readonly app: App;
	private readonly propagationMs: number;
	private readonly child: Supervised | null;
	private readonly ended: Promise<number>;
	private end: (code: number) => void = () => undefined;
	private isEnding = false;

	constructor(app: App, propagationMs: number, command: readonly string[]) {
		this.app = app;
		this.propagationMs = propagationMs;
		this.ended = new Promise((resolve) => {
			this.end = resolve;
		});
		this.child = command.length === 0 ? null : new Supervised(command, process.env);
		this.watch();
	}

	untilEnd(): Promise<number> {
		return this.ended;
	}

	private watch(): void {
		for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.onStop(signal));
		for (const signal of FORWARDED) process.on(signal, () => this.child?.signal(signal));
		this.child?.exited.then(
			({ code, startError }) => this.onChildExit(code, startError),
			() => this.end(EXIT.internal),
		);
	}

	private onStop(signal: 'SIGTERM' | 'SIGINT'): void {
		if (this.isEnding) {
			this.child?.signal('SIGKILL');
			return this.end(128 + signalNumber(signal));
		}
		this.isEnding = true;
		// Ctrl-C at a terminal: nobody's endpoint list has to be told.
		const propagationMs = signal === 'SIGINT' && process.stdin.isTTY ? 0 : this.propagationMs;
		this.shutDown(propagationMs).catch(() => this.end(EXIT.internal));
	}

	/** Requests first, the app after them. */
	private async shutDown(propagationMs: number): Promise<void> {
		await this.app.drain(propagationMs);
		this.child?.signal('SIGTERM');
		await this.child?.exited;
		this.end(EXIT.done);
	}

	private onChildExit(code: number, startError: string): void {
		if (startError !== '') say(`outrigger: ${startError}`);
		if (this.isEnding) return;
		this.isEnding = true;
		this.app.drain(0).then(
			() => this.end(code),
			() => this.end(EXIT.internal),
		);
	}
}

/** Signals that mean something to apps and nothing to us. */
const FORWARDED = ['SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

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
