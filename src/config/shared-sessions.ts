/** Rules that give a client tokens of one name at one host, each for itself: every answer would end the other's session. */
import type { Rule } from './config.ts';

export interface SharedSession {
	readonly index: number;
	/** The first rule of that name whose hosts are not all others. */
	readonly earlier: Rule;
}

const ANY_HOST = '';
const WILDCARD = '*.';

/** Who has a name, by host pattern; a pattern is found from each host within it, and from each pattern around it. */
interface Holders {
	readonly at: Map<string, Rule>;
	readonly within: Map<string, Rule>;
}

/** Takes as long as there are labels of hostnames: there may be thousands of rules of one name. */
export function findSharedSessions(rules: readonly Rule[]): SharedSession[] {
	const holders = new Map<string, Holders>();
	const shared: SharedSession[] = [];
	for (const [index, rule] of rules.entries()) {
		if (rule.sessionPersistence === null) continue;
		const { type, sessionName } = rule.sessionPersistence;
		// Names of cookies are told apart by case (RFC 6265 §5.3), those of fields are not.
		const name = `${type} ${type === 'Header' ? sessionName.toLowerCase() : sessionName}`;
		const known = holders.get(name) ?? { at: new Map(), within: new Map() };
		holders.set(name, known);
		const hosts = rule.hostnames.length === 0 ? [ANY_HOST] : rule.hostnames;
		const earlier = hosts.map((host) => holderOf(host, known)).find((one) => one !== undefined);
		if (earlier !== undefined) shared.push({ index, earlier });
		for (const host of hosts) hold(host, rule, known);
	}
	return shared;
}

function holderOf(host: string, { at, within }: Holders): Rule | undefined {
	for (const pattern of around(host)) {
		const holder = at.get(pattern);
		if (holder !== undefined) return holder;
	}
	return within.get(host);
}

function hold(host: string, rule: Rule, { at, within }: Holders): void {
	if (!at.has(host)) at.set(host, rule);
	for (const pattern of around(host)) if (!within.has(pattern)) within.set(pattern, rule);
}

/** Itself, and every wider pattern: `a.b.c` is within `*.b.c`, `*.c` and any host. */
function around(host: string): string[] {
	const patterns = [host];
	let rest = host.startsWith(WILDCARD) ? host.slice(WILDCARD.length) : host;
	for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
		rest = rest.slice(dot + 1);
		patterns.push(WILDCARD + rest);
	}
	if (host !== ANY_HOST) patterns.push(ANY_HOST);
	return patterns;
}
