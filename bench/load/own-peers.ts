/** This project, and any other command named on the command line. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, ORDERS_DNS } from './bench-certificates.ts';
import { LOOPBACK } from './endpoint.ts';
import type { FoundPeer, Peer, PeerLaunch, Placement, SecurePlacement } from './peer.ts';
import { both } from './process-tree.ts';

export const OURS = 'outrigger';
const ROOT = join(import.meta.dirname, '../..');

/** `command` replaces the default, which is what was built, else the sources; `run FILE` is put after it. */
export function outrigger(command: string | undefined): Peer {
	const words = command === undefined ? defaultCommand() : splitWords(command);
	const [first, ...rest] = words ?? [];
	if (first === undefined) return { name: OURS, howToGet: 'npm run build (or --outrigger "COMMAND")' };
	const run: Run = (place, text) => {
		const file = join(place.folder, 'route.yaml');
		writeFileSync(file, text);
		const ready = { port: place.adminPort, path: '/ready' };
		return { command: first, args: [...rest, 'run', file], env: { NODE_ENV: 'production' }, ready };
	};
	const entry = words?.join(' ').replace(`${process.execPath} `, 'node ').replace(`${ROOT}/`, '') ?? '';
	return {
		name: OURS,
		ours: true,
		version: `${projectVersion()} (${entry})`,
		setting: 'defaults: metrics, request ids, tracing headers, retries armed, breaker, limits; access log off',
		launch: (place) => run(place, routeFile(place)),
		secure: {
			tls: (place) => run(place, routeFile(place) + identity('permissive', place, place.certificates.orders)),
			pair: (place) => pair(run, place),
		},
	};
}

type Run = (place: Placement, routeFile: string) => PeerLaunch;

/** The caller's sidecar takes plaintext at its outbound port; it may believe nobody but the other one. */
function pair(run: Run, place: SecurePlacement): PeerLaunch {
	const { certificates, port, innerPort, adminPort, folder } = place;
	const inner = { ...place, port: innerPort, adminPort: 0, folder: join(folder, 'inner') };
	mkdirSync(inner.folder, { recursive: true });
	const outer = { ...place, port: 0 };
	const services = {
		orders: {
			hostnames: [ORDERS_DNS],
			endpoints: [{ address: `${LOOPBACK}:${innerPort}` }],
			tls: { mode: 'mutual', subjectAltNames: [certificates.orders.id] },
		},
	};
	const outbound = { listen: `${LOOPBACK}:${port}`, unknownHosts: 'reject' };
	const calls = `services: ${JSON.stringify(services)}\noutbound: ${JSON.stringify(outbound)}\n`;
	const called = run(inner, routeFile(inner) + identity('strict', place, certificates.orders));
	const caller = run(outer, routeFile(outer) + identity('strict', place, certificates.web) + calls);
	return { ...both(called, caller), ready: { port: adminPort, path: '/ready' } };
}

function identity(mode: string, { certificates }: SecurePlacement, { certificate, key }: Identity): string {
	return `tls: ${JSON.stringify({ mode, certificate, key, trustBundle: certificates.trustBundle })}\n`;
}

/** As its users start it, with what that tells Node; it becomes the sidecar itself. */
function defaultCommand(): string[] | null {
	const entry = join(ROOT, 'bin/outrigger');
	return existsSync(entry) ? [entry] : null;
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
