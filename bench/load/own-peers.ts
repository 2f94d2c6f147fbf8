/** This project, and any other command named on the command line. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOOPBACK } from './endpoint.ts';
import type { FoundPeer, Peer, Placement } from './peer.ts';

export const OURS = 'outrigger';
const ROOT = join(import.meta.dirname, '../..');

/** `command` replaces the default, which is what was built, else the sources; `run FILE` is put after it. */
export function outrigger(command: string | undefined): Peer {
	const words = command === undefined ? defaultCommand() : splitWords(command);
	const [first, ...rest] = words ?? [];
	if (first === undefined) return { name: OURS, howToGet: 'npm run build (or --outrigger "COMMAND")' };
	const entry = words?.join(' ').replace(`${process.execPath} `, 'node ').replace(`${ROOT}/`, '') ?? '';
	return {
		name: OURS,
		ours: true,
		version: `${projectVersion()} (${entry})`,
		setting: 'defaults: metrics, request ids, tracing headers, retries armed, breaker, limits; access log off',
		launch(place) {
			const file = join(place.folder, 'route.yaml');
			writeFileSync(file, routeFile(place));
			const ready = { port: place.adminPort, path: '/ready' };
			return { command: first, args: [...rest, 'run', file], env: { NODE_ENV: 'production' }, ready };
		},
	};
}

function defaultCommand(): string[] | null {
	const entry = [join(ROOT, 'dist/main.js'), join(ROOT, 'src/main.ts')].find((file) => existsSync(file));
	return entry === undefined ? null : [process.execPath, entry];
}

function routeFile({ port, originPort, adminPort }: Placement): string {
	return `app: { port: ${originPort} }
inbound: { listen: "${LOOPBACK}:${port}" }
admin: { listen: "${LOOPBACK}:${adminPort}" }
telemetry: { accessLog: { when: off } }
`;
}

export function projectVersion(): string {
	const text: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
	const version = typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown';
	const revision = git('rev-parse', '--short', 'HEAD');
	if (revision === '') return version;
	const changed = git('status', '--porcelain', '--', 'src', 'bin') === '' ? '' : '+';
	return `${version}-${revision}${changed}`;
}

function git(...args: string[]): string {
	try {
		return execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	} catch {
		return '';
	}
}

/** `NAME=COMMAND`, where {port} and {origin} in the command stand for the port to listen on and the origin's. */
export function extraPeer(definition: string, port: string | undefined): FoundPeer {
	const equals = definition.indexOf('=');
	const name = definition.slice(0, equals).trim();
	const words = splitWords(definition.slice(equals + 1));
	if (equals < 1 || words.length === 0) throw new Error(`--peer wants NAME="COMMAND", not ${definition}`);
	return {
		name,
		ours: false,
		version: 'unknown',
		setting: words.join(' '),
		...(port === undefined ? {} : { port: Number(port) }),
		launch(place) {
			const filled = words.map((word) =>
				word.replaceAll('{port}', String(place.port)).replaceAll('{origin}', String(place.originPort)),
			);
			const [command = '', ...args] = filled;
			return { command, args, env: { PORT: String(place.port), ORIGIN: String(place.originPort) } };
		},
	};
}

/** Words at blanks; quotes keep blanks together. */
export function splitWords(text: string): string[] {
	return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}
