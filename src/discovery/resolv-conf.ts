/** What resolv.conf(5) says: whom to ask, and which names a short name may stand for. */
import { isIP } from 'node:net';

export interface ResolvConf {
	/** `address` or `address:port`, IPv6 with a port in brackets; in the order in which they are asked. */
	readonly servers: readonly string[];
	/** Domains that are appended to a short name, in this order; without a dot at the end. */
	readonly search: readonly string[];
	/** A name with at least so many dots is asked for as it stands first. */
	readonly ndots: number;
}

/** As glibc has them (resolv.conf(5)). */
const DEFAULT_NDOTS = 1;
const MAX_NDOTS = 15;
const MAX_SERVERS = 3;
/** Kubernetes' limit; each domain is a question more for a name that is not there. */
const MAX_SEARCH = 32;
/** Who is asked when the file names nobody. */
const DEFAULT_SERVER = '127.0.0.1';
const MAX_PORT = 65_535;

/**
 * Reads what glibc reads, and a port after a nameserver, which it does not know. Lines that make no sense are passed over,
 * as there. `timeout` and `attempts` are not taken over: a question has limits of its own.
 */
export function parseResolvConf(text: string): ResolvConf {
	const servers: string[] = [];
	let search: readonly string[] = [];
	let ndots = DEFAULT_NDOTS;
	for (const line of text.split('\n')) {
		const [keyword, ...values] = withoutComment(line).split(/\s+/);
		if (keyword === 'nameserver' && isServer(values[0] ?? '')) servers.push(values[0] ?? '');
		// The last one counts, whichever of the two it is.
		else if (keyword === 'search') search = values.slice(0, MAX_SEARCH).map(withoutDot);
		else if (keyword === 'domain') search = values.slice(0, 1).map(withoutDot);
		else if (keyword === 'options') ndots = ndotsOf(values) ?? ndots;
	}
	return { servers: servers.length === 0 ? [DEFAULT_SERVER] : servers.slice(0, MAX_SERVERS), search, ndots };
}

/** The names that a name may stand for, in the order in which glibc's res_search tries them; without a dot at the end. */
export function candidateNames(name: string, { search, ndots }: Pick<ResolvConf, 'search' | 'ndots'>): string[] {
	const bare = withoutDot(name);
	if (bare !== name) return [bare];
	const searched = search.map((domain) => (domain === '' ? bare : `${bare}.${domain}`));
	const dots = bare.split('.').length - 1;
	return [...new Set(dots >= ndots ? [bare, ...searched] : [...searched, bare])];
}

export function withoutDot(name: string): string {
	return name.endsWith('.') ? name.slice(0, -1) : name;
}

function withoutComment(line: string): string {
	return /^\s*[#;]/.test(line) ? '' : line.trim();
}

/** The last one that there is; more than glibc allows counts as the most that it allows. */
function ndotsOf(options: readonly string[]): number | undefined {
	const given = options.flatMap((option) => /^ndots:(\d+)$/.exec(option)?.[1] ?? []).at(-1);
	return given === undefined ? undefined : Math.min(Number(given), MAX_NDOTS);
}

function isServer(text: string): boolean {
	if (isIP(text.replace(/%.*$/, '')) !== 0) return true;
	const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
	return (isIP(v6 ?? '') === 6 || isIP(v4 ?? '') === 4) && Number(port) >= 1 && Number(port) <= MAX_PORT;
}
