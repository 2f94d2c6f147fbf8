/** Closed-loop load from wrk: as many requests as the proxy can take. Good for throughput, not for latency. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOOPBACK } from './endpoint.ts';
import { pinned } from './process-tree.ts';

export interface WrkSpec {
	readonly port: number;
	readonly path: string;
	readonly connections: number;
	readonly seconds: number;
	readonly method?: 'GET' | 'POST';
	readonly bodyBytes?: number;
	/** Default: false. */
	readonly tls?: boolean;
	/** Ask for the connection to be closed after each response. */
	readonly close?: boolean;
	/** Of the `host` field; default: where it connects to. */
	readonly host?: string;
}

export interface WrkRun {
	readonly requests: number;
	readonly bytes: number;
	readonly seconds: number;
	/** Failed connects, reads and writes, time-outs, and answers other than 2xx and 3xx. */
	readonly errors: number;
}

const TIMEOUT = '10s';
const DONE_MARK = '@done ';
const run = promisify(execFile);

export async function runWrk(core: number | null, folder: string, spec: WrkSpec): Promise<WrkRun> {
	const script = join(folder, 'wrk.lua');
	writeFileSync(script, luaScript(spec));
	const url = `${spec.tls ? 'https' : 'http'}://${LOOPBACK}:${spec.port}${spec.path}`;
	const size = ['-t1', `-c${spec.connections}`, `-d${spec.seconds}s`, '--timeout', TIMEOUT];
	const launch = pinned(core, { command: 'wrk', args: [...size, '-s', script, url] });
	const { stdout } = await run(launch.command, [...launch.args]);
	const line = stdout.split('\n').find((text) => text.startsWith(DONE_MARK));
	if (line === undefined) throw new Error(`wrk said: ${stdout}`);
	const [microseconds = 0, requests = 0, bytes = 0, errors = 0] = line.slice(DONE_MARK.length).split(' ').map(Number);
	return { requests, bytes, seconds: microseconds / 1e6, errors };
}

/** The request is fixed before the run: a `request` or `response` function would cost the generator time on each one. */
function luaScript({ method = 'GET', bodyBytes = 0, close = false, host = '' }: WrkSpec): string {
	return `wrk.method = "${method}"
${bodyBytes > 0 ? `wrk.body = string.rep("x", ${bodyBytes})\nwrk.headers["Content-Type"] = "text/plain"` : ''}
${close ? 'wrk.headers["Connection"] = "close"' : ''}
${host === '' ? '' : `wrk.headers["Host"] = "${host}"`}
function done(summary)
	local e = summary.errors
	io.write(string.format("${DONE_MARK}%d %d %d %d\\n", summary.duration, summary.requests, summary.bytes,
		e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
