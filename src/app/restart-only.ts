/**
 * What a reload cannot change: sockets that are bound, what the process is, and what is read once. Such a file is refused
 * whole, each of its changes by name, so that a reader of the file never takes for running what is not.
 */
import type { Config } from '../config/config.ts';
import type { EffectiveParts } from '../config/effective-parts.ts';
import type { Issue } from '../config/issue.ts';
import type { ListenAddress } from '../config/listen-address.ts';

type Read = (config: Config) => unknown;

/** By the key as it stands in the file. Whatever is not named here is taken over by `App.reload`. */
const RESTART_ONLY: Readonly<Record<string, Read>> = {
	'app.name': ({ app }) => app.name,
	'app.namespace': ({ app }) => app.namespace,
	'app.version': ({ app }) => app.version,
	'app.zone': ({ app }) => app.zone,
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
export function restartIssues(running: Config, next: Config, effective: EffectiveParts, file: string): Issue[] {
	return [...changesOf(running, next)].map((path) => {
		const key = path.join('.');
		return {
			...placeOf(effective, path, file),
			column: 1,
			length: 1,
			severity: 'error',
			path: key,
			message: `\`${key}\` cannot be changed without a restart`,
			excerpt: '',
			excerptColumn: 1,
			expected: 'what the sidecar was started with',
			hint: 'restart the sidecar to take the file over',
		};
	});
}

/** A new file names a certificate that cannot be taken over. */
export function certificateIssue(reason: string, effective: EffectiveParts, file: string): Issue {
	return {
		...placeOf(effective, ['tls'], file),
		column: 1,
		length: 1,
		severity: 'error',
		path: 'tls',
		message: `the certificate of \`tls\` cannot be taken over: ${reason}`,
		excerpt: '',
		excerptColumn: 1,
		expected: 'a certificate, its key and a trust bundle that can be read and fit',
		hint: 'look at `/certs` of the admin port for what is in force',
	};
}

function* changesOf(running: Config, next: Config): Generator<readonly string[]> {
	for (const [key, read] of Object.entries(RESTART_ONLY)) {
		if (!isSame(read(running), read(next))) yield key.split('.');
	}
	// A service that comes or goes does so with its port.
	const before = listensOf(running);
	const after = listensOf(next);
	for (const name of new Set([...before.keys(), ...after.keys()])) {
		if (!isSame(before.get(name), after.get(name))) yield ['services', name, 'listen'];
	}
}

function listensOf({ services }: Config): ReadonlyMap<string, ListenAddress> {
	return new Map(services.flatMap(({ name, listen }) => (listen === null ? [] : [[name, listen] as const])));
}

/** Plain data of the same builder: the same keys in the same order, and a key without a value is no key. */
export function isSame(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/** Of the first value under a key that is written, or else of what it stands in; the beginning of the file when none is. */
function placeOf(effective: EffectiveParts, path: readonly string[], file: string): { file: string; line: number } {
	for (let depth = path.length; depth > 0; depth--) {
		const place = firstPlace(effective.at(path.slice(0, depth)));
		if (place !== null) return place;
	}
	return { file, line: 1 };
}

function firstPlace(value: unknown): { file: string; line: number } | null {
	if (!isRecord(value)) return null;
	const { from } = value;
	if (typeof from === 'string') {
		const [, file, line] = /^(.+):(\d+)$/.exec(from) ?? [];
		return file === undefined ? null : { file, line: Number(line) };
	}
	for (const each of Object.values(value)) {
		const place = firstPlace(each);
		if (place !== null) return place;
	}
	return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
