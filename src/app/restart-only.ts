/**
 * What a reload cannot change: sockets that are bound, what the process is, and what is read once. Such a file is refused
 * whole, each of its changes by name, so that a reader of the file never takes for running what is not.
 */
import type { Config } from '../config/config.ts';
import type { Issue } from '../config/issue.ts';

type Read = (config: Config) => unknown;

/** By the key as it stands in the file. Whatever is not named here is taken over by `App.reload`. */
const RESTART_ONLY: Readonly<Record<string, Read>> = {
	'app.name': ({ app }) => app.name,
	'app.namespace': ({ app }) => app.namespace,
	'app.version': ({ app }) => app.version,
	'app.port': ({ app }) => app.port,
	'app.socket': ({ app }) => app.socket,
	'app.protocol': ({ app }) => app.protocol,
	'inbound.listen': ({ inbound }) => inbound.listen,
	'outbound.listen': ({ outbound }) => outbound?.listen ?? null,
	'admin.listen': ({ admin }) => admin.listen,
	probes: ({ probes }) => probes,
	'telemetry.logIntake': ({ telemetry }) => telemetry.logIntake,
	'telemetry.accessLog.file': ({ telemetry }) => telemetry.accessLog.file,
	workers: ({ workers }) => workers,
	passthrough: ({ passthrough }) => passthrough,
	limits: ({ limits }) => limits,
};

/** The changes that take a restart, as issues of the new file; none: it can be taken over. */
export function restartIssues(running: Config, next: Config, effective: unknown, file: string): Issue[] {
	return Object.entries(RESTART_ONLY)
		.filter(([, read]) => !isSame(read(running), read(next)))
		.map(([key]) => ({
			file,
			line: lineOf(effective, key.split('.')),
			column: 1,
			length: 1,
			severity: 'error',
			path: key,
			message: `\`${key}\` cannot be changed without a restart`,
			excerpt: '',
			expected: 'what the sidecar was started with',
			hint: 'restart the sidecar to take the file over',
		}));
}

/** Plain data of the same builder: the same keys in the same order, and a key without a value is no key. */
export function isSame(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/** The line of the first value under a key that stands in the file; 1 when none does. */
function lineOf(effective: unknown, path: readonly string[]): number {
	let at: unknown = effective;
	for (const key of path) at = isRecord(at) ? at[key] : undefined;
	return firstLine(at) ?? 1;
}

function firstLine(value: unknown): number | null {
	if (!isRecord(value)) return null;
	const { from } = value;
	if (typeof from === 'string') {
		const line = /:(\d+)$/.exec(from)?.[1];
		return line === undefined ? null : Number(line);
	}
	for (const each of Object.values(value)) {
		const line = firstLine(each);
		if (line !== null) return line;
	}
	return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
