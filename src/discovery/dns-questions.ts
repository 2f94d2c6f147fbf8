/** One question to a DNS server, and what came of it as a value. Node.js's own client (c-ares) asks it. */
import { Resolver } from 'node:dns/promises';

export interface AddressRecord {
	readonly address: string;
	/** Seconds. */
	readonly ttl: number;
}

/** RFC 2782. Node.js does not tell its TTL. */
export interface ServiceRecord {
	/** Of the target; `''` (written `.`): the service is not to be had. */
	readonly name: string;
	readonly port: number;
	readonly priority: number;
	readonly weight: number;
}

export type Answer<T> =
	/** At least one. */
	| { readonly is: 'found'; readonly records: readonly T[] }
	/** There is no such name, or it has no such record. */
	| { readonly is: 'none'; readonly reason: string }
	/** Nobody knows: the server says that it cannot tell (`failed`), or says nothing (`silent`). */
	| { readonly is: 'failed' | 'silent'; readonly reason: string };

export interface DnsQuestions {
	/** Whom to ask from now on; questions under way go on. */
	useServers(servers: readonly string[]): void;
	/** Neither ever rejects. `name` is whole: no domain is appended. */
	addresses(name: string, family: 4 | 6): Promise<Answer<AddressRecord>>;
	services(name: string): Promise<Answer<ServiceRecord>>;
}

/** Milliseconds for the first try at a server; local resolvers answer from their cache within one or two. */
const TIMEOUT_MS = 2000;
/** The second try of a server waits twice as long, and no longer. */
const MAX_TIMEOUT_MS = 4000;
/** Of each server. With three of them nobody waits longer than 18 s. */
const TRIES = 2;
/** Questions at once; the rest waits. The resolver of a node serves many pods, and drops what it cannot queue. */
const MAX_QUESTIONS = 64;

const NONE: Readonly<Record<string, string>> = {
	ENOTFOUND: 'NXDOMAIN',
	ENODATA: 'no such record',
	EBADNAME: 'not a name that DNS can have',
};
/** What a server answered, as against nothing. */
const ANSWERED: Readonly<Record<string, string>> = {
	ESERVFAIL: 'SERVFAIL',
	EREFUSED: 'REFUSED',
	ENOTIMP: 'NOTIMP',
	EFORMERR: 'FORMERR',
	EBADRESP: 'a malformed answer',
};

export class SystemDnsQuestions implements DnsQuestions {
	private servers = '';
	private resolver = new Resolver();
	private asking = 0;
	private readonly waiting: (() => void)[] = [];

	useServers(servers: readonly string[]): void {
		const named = servers.join(' ');
		if (named === this.servers) return;
		// Another one: c-ares does not let go of servers while it waits for them.
		const resolver = new Resolver({ timeout: TIMEOUT_MS, maxTimeout: MAX_TIMEOUT_MS, tries: TRIES });
		resolver.setServers(servers);
		this.servers = named;
		this.resolver = resolver;
	}

	addresses(name: string, family: 4 | 6): Promise<Answer<AddressRecord>> {
		return this.ask(() =>
			family === 4 ? this.resolver.resolve4(name, { ttl: true }) : this.resolver.resolve6(name, { ttl: true }),
		);
	}

	services(name: string): Promise<Answer<ServiceRecord>> {
		return this.ask(() => this.resolver.resolveSrv(name));
	}

	private async ask<T>(question: () => Promise<readonly T[]>): Promise<Answer<T>> {
		if (this.asking < MAX_QUESTIONS) this.asking++;
		// Whoever is done hands over its place.
		else await new Promise<void>((resolve) => this.waiting.push(resolve));
		try {
			const records = await question();
			return records.length > 0 ? { is: 'found', records } : { is: 'none', reason: 'no such record' };
		} catch (error) {
			return noAnswer((error as NodeJS.ErrnoException).code ?? String(error));
		} finally {
			const next = this.waiting.shift();
			if (next === undefined) this.asking--;
			else next();
		}
	}
}

function noAnswer(code: string): Answer<never> {
	const none = NONE[code];
	if (none !== undefined) return { is: 'none', reason: none };
	const answered = ANSWERED[code];
	if (answered !== undefined) return { is: 'failed', reason: answered };
	return { is: 'silent', reason: code === 'ETIMEOUT' ? 'no answer in time' : code };
}
