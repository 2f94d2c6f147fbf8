/** Proxies from the npm registry, each a small script in `peers/` with a keep-alive agent, run by the Node that runs us. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Peer } from './peer.ts';

const PACKAGES: readonly { readonly name: string; readonly script: string; readonly setting: string }[] = [
	{ name: 'http-proxy', script: 'http-proxy.ts', setting: 'keep-alive agent, xfwd' },
	{ name: 'http-proxy-3', script: 'http-proxy-3.ts', setting: 'keep-alive agent, xfwd' },
	{ name: 'httpxy', script: 'httpxy.ts', setting: 'keep-alive agent, xfwd' },
	{ name: 'fast-proxy', script: 'fast-proxy.ts', setting: 'keep-alive agent' },
	{ name: 'undici', script: 'undici-on-node-http.ts', setting: 'node:http server, undici Pool.dispatch' },
];

const require = createRequire(import.meta.url);

export function nodePeers(): Peer[] {
	return PACKAGES.map(({ name, script, setting }) => {
		const version = installedVersion(name);
		if (version === null) return { name, howToGet: `npm install --no-save ${name}` };
		const file = join(import.meta.dirname, 'peers', script);
		return {
			name,
			ours: false,
			version,
			setting,
			launch: ({ port, originPort }) => ({
				command: process.execPath,
				args: [file, String(port), String(originPort)],
				env: { NODE_ENV: 'production' },
			}),
		};
	});
}

/** From the package's own description; many packages do not export it, so the folder is searched upwards. */
function installedVersion(name: string): string | null {
	let folder: string;
	try {
		folder = dirname(require.resolve(name));
	} catch {
		return null;
	}
	for (; folder !== dirname(folder); folder = dirname(folder)) {
		const found = versionIn(join(folder, 'package.json'), name);
		if (found !== null) return found;
	}
	return 'unknown';
}

function versionIn(file: string, name: string): string | null {
	try {
		const description: unknown = JSON.parse(readFileSync(file, 'utf8'));
		if (typeof description !== 'object' || description === null) return null;
		const fields = description as { name?: unknown; version?: unknown };
		return fields.name === name && typeof fields.version === 'string' ? fields.version : null;
	} catch {
		return null;
	}
}
