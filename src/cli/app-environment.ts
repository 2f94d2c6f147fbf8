/** What the app's environment says, so that its own calls come to the outbound listener by themselves. */
import type { BoundAddress } from '../ports/control.ts';

/** Where an app may reach itself and its neighbours in the pod: never by way of a proxy. */
const LOCAL_HOSTS = 'localhost,127.0.0.1,::1';
const WILDCARDS: ReadonlySet<string> = new Set(['::', '0.0.0.0']);

/** Names, parted by blanks, of what `bin/outrigger` has set for the sidecar alone. */
const ADDED = 'OUTRIGGER_ADDED_ENV';

/** The environment as the sidecar's caller made it. */
export function callersEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const added = env[ADDED];
	if (added === undefined) return env;
	const names = new Set([ADDED, ...added.split(' ')]);
	return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

/**
 * The environment with `HTTP_PROXY`, `NO_PROXY` and `NODE_USE_ENV_PROXY` (Node.js looks at the others only with it). Who
 * has set a proxy already, be it to nothing, has decided: then it is handed on as it is.
 */
export function appEnvironment(env: NodeJS.ProcessEnv, outbound: BoundAddress | null): NodeJS.ProcessEnv {
	if (outbound === null || env['HTTP_PROXY'] !== undefined || env['http_proxy'] !== undefined) return env;
	return {
		...env,
		HTTP_PROXY: `http://${hostOf(outbound)}:${outbound.port}`,
		...(env['no_proxy'] === undefined && { NO_PROXY: env['NO_PROXY'] ?? LOCAL_HOSTS }),
		NODE_USE_ENV_PROXY: env['NODE_USE_ENV_PROXY'] ?? '1',
	};
}

function hostOf({ address }: BoundAddress): string {
	if (WILDCARDS.has(address)) return '127.0.0.1';
	return address.includes(':') ? `[${address}]` : address;
}
