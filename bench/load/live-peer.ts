/** A peer that runs: placed on free ports in a folder of its own, pinned, and answering. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificates } from './bench-certificates.ts';
import { firstSuccess, freePort } from './endpoint.ts';
import type { Form, FoundPeer, PeerLaunch, Placement } from './peer.ts';
import { type Running, start } from './process-tree.ts';
import { errorLine } from './reason.ts';

export interface LivePeer {
	readonly peer: FoundPeer;
	readonly port: number;
	readonly process: Running;
	/** From exec to the first 2xx. */
	readonly startMs: number;
}

export interface Site {
	readonly folder: string;
	readonly originPort: number;
	readonly core: number | null;
	/** Needed where `form` is another than plain. */
	readonly certificates?: Certificates;
}

const START_MS = 10_000;
/** nginx's worker gives up root, and must still read its files. */
const READABLE_BY_ALL = 0o755;

/** Throws, with the end of its log, when the peer does not come up. */
export async function startPeer(peer: FoundPeer, site: Site, form: Form = 'plain'): Promise<LivePeer> {
	const folder = join(site.folder, peer.name);
	mkdirSync(folder, { recursive: true });
	chmodSync(folder, READABLE_BY_ALL);
	const port = peer.port ?? (await freePort());
	const place = { port, originPort: site.originPort, adminPort: await freePort(), folder };
	const launch = await launchOf(peer, place, site, form);
	const logFile = join(folder, 'output.log');
	const process = start(site.core, { ...launch, logFile });
	const deadline = process.startedAtMs + START_MS;
	const ready = launch.ready ?? { port, path: '/100' };
	const giveUp = () => process.exited() || performance.now() > deadline;
	const tls = form === 'tls' && launch.ready === undefined;
	const at = await firstSuccess(ready.port, ready.path, giveUp, { tls });
	if (at === null) {
		await process.stop();
		const said = errorLine(readFileSync(logFile, 'utf8'));
		throw new Error(`did not start${said === '' ? '' : `: ${said}`}`);
	}
	return { peer, port, process, startMs: at - process.startedAtMs };
}

async function launchOf(peer: FoundPeer, place: Placement, { certificates }: Site, form: Form): Promise<PeerLaunch> {
	if (form === 'plain') return peer.launch(place);
	if (peer.secure === undefined || certificates === undefined) throw new Error('is not measured with TLS');
	return peer.secure[form]({ ...place, certificates, innerPort: await freePort() });
}

/** Another first peer in each run, so that none always comes after the same neighbour. */
export function rotated<T>(items: readonly T[], by: number): T[] {
	const cut = items.length === 0 ? 0 : by % items.length;
	return [...items.slice(cut), ...items.slice(0, cut)];
}
