/**
 * Name → addresses, as the system's resolver finds them, but with their TTLs and without a thread for each question.
 *
 * Theory of operation. In the order of glibc: a literal is itself; then /etc/hosts; `localhost` is this host (RFC 6761
 * §6.3); then DNS, for each name that a short one may stand for, until one is there. Both families are asked for at once.
 * A server that cannot tell (SERVFAIL) has the next name tried, one that is silent ends the search: both as in glibc.
 *
 * What was found before is remembered for each watch, so that trouble is not taken for an answer. The name that answered last
 * stays the one that is meant: while its server cannot tell, a name behind it in the list is not tried, as it would be
 * another service. A family that cannot be asked keeps the addresses that it had.
 */
import { isIP } from 'node:net';
import type { Answer, DnsQuestions, ServiceRecord } from './dns-questions.ts';
import { candidateNames, withoutDot } from './resolv-conf.ts';
import type { NameSettings } from './resolver-files.ts';

export type Found<T> =
	| { readonly ok: true; readonly records: readonly T[] /** Seconds; 0: not known. */; readonly ttl: number }
	/** `isSure`: it is not there; otherwise nobody can tell. */
	| { readonly ok: false; readonly isSure: boolean; readonly reason: string };

/** What a watch has been told before. */
export class LookupMemory {
	/** The name of the search list that has answered last; `''`: none yet. */
	answered = '';
	/** Addresses by family and whole name. */
	readonly addresses = new Map<string, readonly string[]>();
	private readonly targets = new Map<string, LookupMemory>();

	/** Of a target of SRV records, by its name. */
	ofTarget(name: string): LookupMemory {
		const known = this.targets.get(name) ?? new LookupMemory();
		this.targets.set(name, known);
		return known;
	}

	keepTargets(names: ReadonlySet<string>): void {
		for (const name of this.targets.keys()) if (!names.has(name)) this.targets.delete(name);
	}
}

/** Of which families this host has an address that leads anywhere. */
export interface Families {
	readonly v4: boolean;
	readonly v6: boolean;
}

export interface NameLookupParts {
	readonly files: { settings(): Promise<NameSettings> };
	readonly questions: DnsQuestions;
	families(): Families;
}

const LOOPBACKS = ['127.0.0.1', '::1'];
const FAMILIES = [4, 6] as const;

export class NameLookup {
	private readonly parts: NameLookupParts;

	constructor(parts: NameLookupParts) {
		this.parts = parts;
	}

	/** Never rejects. A name that ends with a dot is whole. */
	async addresses(name: string, memory: LookupMemory): Promise<Found<string>> {
		if (isIP(name) !== 0) return { ok: true, records: [name], ttl: 0 };
		const { conf, hosts } = await this.parts.files.settings();
		const bare = withoutDot(name).toLowerCase();
		const local = hosts.get(bare) ?? (bare === 'localhost' || bare.endsWith('.localhost') ? LOOPBACKS : null);
		if (local !== null) return { ok: true, records: this.reachable(local), ttl: 0 };
		this.parts.questions.useServers(conf.servers);
		const found = await search(name, conf, memory, (each) => this.bothFamilies(each, memory));
		return found.ok ? { ...found, records: this.reachable(found.records) } : found;
	}

	/** Records of a service (RFC 2782), of every priority. Their TTL is not known. Never rejects. */
	async services(name: string, memory: LookupMemory): Promise<Found<ServiceRecord>> {
		if (isIP(name) !== 0) return { ok: false, isSure: true, reason: `${name} is an address: SRV records have names` };
		const { conf } = await this.parts.files.settings();
		this.parts.questions.useServers(conf.servers);
		return search(name, conf, memory, async (each) => {
			const answer = await this.parts.questions.services(each);
			return answer.is === 'found' ? { ...answer, ttl: 0 } : answer;
		});
	}

	private async bothFamilies(name: string, memory: LookupMemory): Promise<Step<string>> {
		const answers = await Promise.all(FAMILIES.map((family) => this.parts.questions.addresses(name, family)));
		const records: string[] = [];
		let ttl = Number.POSITIVE_INFINITY;
		for (const [index, answer] of answers.entries()) {
			const key = `${FAMILIES[index]} ${name}`;
			if (answer.is === 'none') memory.addresses.delete(key);
			if (answer.is === 'found') {
				const addresses = answer.records.map(({ address }) => address);
				memory.addresses.set(key, addresses);
				ttl = Math.min(ttl, ...answer.records.map((record) => record.ttl));
			}
			records.push(...(memory.addresses.get(key) ?? []));
		}
		if (answers.some(({ is }) => is === 'found')) return { is: 'found', records, ttl };
		// "There is none" of one family says nothing of a family that could not be asked.
		return (answers.find(({ is }) => is !== 'none') ?? answers[0]) as Step<string>;
	}

	/** Without those of a family that this host has no way to, unless there are no others; loopback always works. */
	private reachable(addresses: readonly string[]): readonly string[] {
		const { v4, v6 } = this.parts.families();
		const some = addresses.filter((each) => isLoopback(each) || (each.includes(':') ? v6 : v4));
		return [...new Set(some.length === 0 ? addresses : some)];
	}
}

type Step<T> = (Extract<Answer<T>, { is: 'found' }> & { readonly ttl: number }) | Exclude<Answer<T>, { is: 'found' }>;

async function search<T>(
	name: string,
	conf: NameSettings['conf'],
	memory: LookupMemory,
	ask: (name: string) => Promise<Step<T>>,
): Promise<Found<T>> {
	const candidates = candidateNames(name, conf);
	let trouble = '';
	let none = '';
	for (const candidate of candidates) {
		const step = await ask(candidate);
		if (step.is === 'found') {
			memory.answered = candidate;
			return { ok: true, records: step.records, ttl: step.ttl };
		}
		if (step.is === 'none') none = `${candidate}: ${step.reason}`;
		else trouble = `${candidate}: ${step.reason} from ${conf.servers.join(', ')}`;
		if (step.is === 'silent' || (step.is === 'failed' && candidate === memory.answered)) break;
	}
	if (trouble !== '') return { ok: false, isSure: false, reason: trouble };
	const more = candidates.length > 1 ? ` (tried: ${candidates.join(', ')})` : '';
	return { ok: false, isSure: true, reason: `${none}${more}` };
}

function isLoopback(address: string): boolean {
	return address.startsWith('127.') || address === '::1';
}
