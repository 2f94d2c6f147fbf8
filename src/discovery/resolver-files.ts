/**
 * The two files that say how names are resolved on this host. They are looked at before a question, at most once a
 * second, and read again when they are others or have changed: a pod's resolv.conf may be written after its start.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { type Hosts, parseHosts } from './hosts-file.ts';
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts';

export interface NameSettings {
	readonly conf: ResolvConf;
	readonly hosts: Hosts;
}

export interface ResolverPaths {
	readonly resolvConf: string;
	readonly hosts: string;
}

export const SYSTEM_PATHS: ResolverPaths = { resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' };

/** Milliseconds between two looks: hundreds of names are asked for in one. */
const LOOK_MS = 1000;

/** One file, parsed anew when it has changed. What cannot be read counts as empty, as for the system's own resolver. */
class ParsedFile<T> {
	private readonly path: string;
	private readonly parse: (text: string) => T;
	private fingerprint: string | null = null;
	private value: T;

	constructor(path: string, parse: (text: string) => T) {
		this.path = path;
		this.parse = parse;
		this.value = parse('');
	}

	async read(): Promise<T> {
		const facts = await stat(this.path, { bigint: true }).catch(() => null);
		const now = facts === null ? '' : [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(' ');
		if (now === this.fingerprint) return this.value;
		const text = await readFile(this.path, 'utf8').catch(() => null);
		this.value = this.parse(text ?? '');
		// What could not be read is tried again at the next look.
		this.fingerprint = text === null ? null : now;
		return this.value;
	}
}

export class ResolverFiles {
	private readonly clock: Clock;
	private readonly resolvConf: ParsedFile<ResolvConf>;
	private readonly hosts: ParsedFile<Hosts>;
	private lookedAt = Number.NEGATIVE_INFINITY;
	private look: Promise<NameSettings> | null = null;

	constructor(clock: Clock, paths: ResolverPaths = SYSTEM_PATHS) {
		this.clock = clock;
		this.resolvConf = new ParsedFile(paths.resolvConf, parseResolvConf);
		this.hosts = new ParsedFile(paths.hosts, parseHosts);
	}

	/** Never rejects. */
	settings(): Promise<NameSettings> {
		const now = this.clock.now();
		if (this.look !== null && now - this.lookedAt < LOOK_MS) return this.look;
		this.lookedAt = now;
		this.look = this.read();
		return this.look;
	}

	private async read(): Promise<NameSettings> {
		const [conf, hosts] = await Promise.all([this.resolvConf.read(), this.hosts.read()]);
		return { conf, hosts };
	}
}
