/**
 * What happens to a request, and why: the rule that gets it, what that rule does, the policy in force with where each
 * value came from, and for each other rule why it lost. Plain data; `explain-text.ts` makes it readable.
 *
 * The winner is what the real route table says. Only the reasons are found out here.
 */

import type { Config, Match, Rule, Side } from '../config/config.ts';
import type { Effective } from '../config/effective.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import type { MaskedValue } from '../config/masked-values.ts';
import { ProxyError } from '../error.ts';
import { Authorizations } from '../filters/authorizations.ts';
import { clientScheme } from '../http/forwarded.ts';
import type { RequestHead } from '../http/head.ts';
import type { CompileRegex } from '../routing/regex.ts';
import type { RouteHit } from '../routing/table.ts';
import { type AskedRequest, asSeenBy, headOf, headOfText, type WayIn, wayIn } from './asked-request.ts';
import { runFilters } from './filtered.ts';
import { type Candidate, Judge } from './judge.ts';
import { judgeUnmatched } from './judged.ts';
import { findLosers, type Losers, placeOf } from './losers.ts';
import { type Mask, Masks, NO_MASK } from './mask.ts';
import { bytesOutcome, type Outcome, outcomeOf, refusal } from './outcome.ts';
import { type PolicyValue, policyAt, policyOfDefaults, redactedPolicy } from './policy.ts';
import { Precedence } from './precedence.ts';
import { Redaction } from './redaction.ts';
import type { Step } from './steps.ts';
import { type Held, Words } from './words.ts';

export interface Winner {
	readonly name: string;
	readonly at: string;
	/** `HTTPRoute shop/orders`; `''` for what was written as a rule. */
	readonly origin: string;
	/** The hostname of the rule by which it won; `''`: it names none. */
	readonly hostname: string;
	/** Which of its matches it was. */
	readonly match: number;
	readonly matches: number;
	/** What the rule asks for and the request has. */
	readonly because: readonly Held[];
}

export interface PolicyGroup {
	/** A rule's, or that of a service that may get the request. */
	readonly of: 'rule' | 'service';
	readonly name: string;
	readonly values: readonly PolicyValue[];
}

/** What happens to a request. */
export interface Fate {
	/** Without what `telemetry.redact` hides. */
	readonly request: WayIn & { readonly method: string; readonly host: string; readonly path: string };
	/** `null`: no rule takes it. */
	readonly winner: Winner | null;
	/** In place of a winner: what takes requests that no rule takes. */
	readonly unmatched: string;
	readonly outcome: Outcome;
	readonly policy: readonly PolicyGroup[];
}

export interface Explanation extends Fate {
	readonly losers: Losers;
}

/** A fate and what it was found from. */
export interface Evaluation {
	readonly fate: Fate;
	readonly winner: Candidate | null;
	/** With what came from the environment: for comparisons, not to be told. */
	readonly unmasked: Outcome;
	/** `null`: the request is malformed. */
	readonly head: RequestHead | null;
}

/** A route file in force, and what it takes to explain it. */
export interface ExplainedFile {
	readonly config: Config;
	/** A node of what `config/effective.ts` makes; `null` when the path leads nowhere. */
	effectiveAt(path: readonly (string | number)[]): Effective | null;
	/** Values that came from the environment. */
	readonly masked: readonly MaskedValue[];
	readonly compileRegex: CompileRegex;
	/** The table of a side. */
	match(side: Side, head: RequestHead): Pick<RouteHit<unknown>, 'rule' | 'match' | 'hostname'> | null;
}

const NO_LOSERS: Losers = { nearest: [], others: {} };

export class Explainer {
	private readonly file: ExplainedFile;
	private readonly redaction: Redaction;
	/** Made when it is first asked for. */
	private masks: Masks | null = null;
	private readonly authorizations: Partial<Record<Side, Authorizations>> = {};

	constructor(file: ExplainedFile) {
		this.file = file;
		this.redaction = new Redaction(file.config);
	}

	/** What happens to it; a fraction of a millisecond. */
	evaluate(asked: AskedRequest): Evaluation {
		const head = headOf(asked);
		return head instanceof ProxyError ? this.refused(asked, head) : this.evaluateHead(asked, head);
	}

	/** The same for a head as it stood on the wire, one character a byte. */
	evaluateText(way: WayIn, text: string): Evaluation {
		const head = headOfText(text);
		if (head instanceof ProxyError) return this.refused({ ...way, method: '', host: '', path: '', headers: [] }, head);
		return this.evaluateHead(way, asSeenBy(way.side, head));
	}

	/** The same with the rules that lost, the nearest `limit` one by one. Pauses: see `findLosers`. */
	*explain(asked: AskedRequest, limit: number): Generator<undefined, Explanation, undefined> {
		const { fate, winner, head } = this.evaluate(asked);
		const isRouted = head !== null && fate.outcome.kind !== 'bytes' && this.listens(asked);
		yield;
		const losers = isRouted ? yield* this.losers(asked.side, head, winner, limit, null) : NO_LOSERS;
		return { ...fate, losers };
	}

	/** Why the rules of a name do not get a request: of the one that comes nearest. `''` when there is none of the name. */
	whyNot({ fate, winner, head }: Evaluation, name: string): string {
		if (head === null) return '';
		const slices = this.losers(fate.request.side, head, winner, 1, name);
		let slice = slices.next();
		while (slice.done !== true) slice = slices.next();
		const [nearest] = slice.value.nearest;
		return nearest === undefined ? '' : `\`${name}\` (${nearest.at}): ${nearest.why.join('; ')}`;
	}

	/** Of a rule, as it may be told. */
	nameOf(side: Side, rule: Rule): string {
		return this.maskOf(side, rule)(rule.name);
	}

	/** For what is said of one of the file's tests. */
	maskOfTest(index: number): Mask {
		return this.masked()?.of(`tests[${index}]`) ?? NO_MASK;
	}

	private losers(side: Side, head: RequestHead, winner: Candidate | null, limit: number, only: string | null) {
		const rules = this.rulesOf(side);
		return findLosers({
			rules,
			only,
			judge: new Judge(head, this.file.compileRegex),
			precedence: new Precedence(rules),
			words: new Words(head, this.redaction),
			winner,
			limit,
			maskOf: (rule) => this.maskOf(side, rule),
		});
	}

	private rulesOf(side: Side): readonly Rule[] {
		const { inbound, outbound } = this.file.config;
		return side === 'inbound' ? inbound.routes : (outbound?.routes ?? []);
	}

	/** `null`: nothing listens there. */
	private listenOf({ side, service = '' }: WayIn): ListenAddress | null {
		const { inbound, outbound, services } = this.file.config;
		if (side === 'inbound') return inbound.listen;
		if (service === '') return outbound?.listen ?? null;
		return services.find(({ name }) => name === service)?.listen ?? null;
	}

	private listens(way: WayIn): boolean {
		return this.listenOf(way) !== null;
	}

	private refused({ side, service = '', method, host, path }: AskedRequest, error: ProxyError): Evaluation {
		const shown = this.redaction.path(path);
		const outcome = { ...refusal(error.code, error.detail, host, shown), status: error.status };
		const request = { ...wayIn(side, service), method, host, path: shown };
		return decided({ request, winner: null, unmatched: '', policy: [] }, outcome, null);
	}

	private evaluateHead({ side, service = '' }: WayIn, head: RequestHead): Evaluation {
		const { config } = this.file;
		const { method, authority: host } = head;
		const path = this.redaction.path(head.path + head.query);
		const way = wayIn(side, service);
		const request = { ...way, method, host, path };
		const none = { request, winner: null, unmatched: '', policy: [] };
		const bytes = bytesReason(config, side);
		if (bytes !== '') return decided(none, bytesOutcome(bytes, host, path), head);
		const listen = this.listenOf(way);
		if (listen === null) {
			const outcome = refusal('no_route', nobodyListens(config, service), host, path);
			return decided(none, { ...outcome, status: null, code: '' }, head);
		}
		const hit = this.file.match(side, head);
		const fallback = this.fallbackOf(side);
		if (hit === null && fallback === null) {
			return decided(none, this.noRoute(head, path), head);
		}
		const rule = hit?.rule ?? (fallback as Rule);
		const mask = this.maskOf(side, rule);
		const match = hit?.match ?? (rule.matches[0] as Match);
		const scheme = side === 'inbound' ? clientScheme(head.headers, 'http', config.trustedHops) : 'http';
		const filtered = runFilters(rule, match, head, {
			listenerPort: listen.port,
			scheme,
			authorization: this.authorizationsOf(side).of(rule),
		});
		const { redaction } = this;
		const unmasked = outcomeOf({ config, rule, filtered, redaction, portOf: service });
		const outcome = maskedOutcome(unmasked, mask);
		const policy = this.policyOf(side, rule, outcome);
		if (hit === null) {
			const unmatched = UNMATCHED[side === 'outbound' && service !== '' ? 'servicePort' : side];
			return { fate: { ...none, unmatched, outcome, policy }, winner: null, unmasked, head };
		}
		const winner = this.candidateOf(side, hit);
		const shown = this.winnerOf(winner, head, mask);
		return { fate: { ...none, winner: shown, outcome, policy }, winner, unmasked, head };
	}

	/** Of a request that nothing takes: whom authorization keeps out is not told so. */
	private noRoute(head: RequestHead, path: string): Outcome {
		const { ofSide } = this.authorizationsOf('inbound');
		const judged = judgeUnmatched(head, ofSide);
		const why = 'no rule takes it, and `inbound.unmatched` is `reject`';
		const outcome =
			judged.refusal === ''
				? refusal('no_route', why, head.authority, path)
				: refusal('not_authorized', judged.refusal, head.authority, path);
		return { ...outcome, steps: judged.steps };
	}

	private authorizationsOf(side: Side): Authorizations {
		const known = this.authorizations[side] ?? new Authorizations(this.file.config, side);
		this.authorizations[side] = known;
		return known;
	}

	private fallbackOf(side: Side): Rule | null {
		const { inbound, outboundFallback } = this.file.config;
		if (side === 'outbound') return outboundFallback;
		return inbound.unmatched === 'app' ? inbound.fallback : null;
	}

	private candidateOf(
		side: Side,
		{ rule, match, hostname }: Pick<Candidate, 'rule' | 'match' | 'hostname'>,
	): Candidate {
		return { rule, match, hostname, index: this.rulesOf(side).indexOf(rule), matchIndex: rule.matches.indexOf(match) };
	}

	private winnerOf({ rule, match, hostname, matchIndex }: Candidate, head: RequestHead, mask: Mask): Winner {
		const because = new Words(head, this.redaction).held({ hostname, match });
		return {
			name: mask(rule.name),
			at: placeOf(rule),
			origin: rule.origin,
			hostname: mask(hostname),
			match: matchIndex,
			matches: rule.matches.length,
			because: because.map(({ what, how }) => ({ what: mask(what), how: mask(how) })),
		};
	}

	/** Where the rule stands in the effective configuration; `null`: it is the one for what no rule takes. */
	private pathOf(side: Side, rule: Rule | undefined): readonly (string | number)[] | null {
		// Rules of other documents stand after the file's own, here as there.
		const index = rule === undefined ? -1 : this.rulesOf(side).indexOf(rule);
		return index < 0 ? null : [side, 'routes', index];
	}

	private maskOf(side: Side, rule: Rule | undefined): Mask {
		const path = this.pathOf(side, rule);
		return path === null ? NO_MASK : (this.masked()?.of(`${path[0]}.${path[1]}[${path[2]}]`) ?? NO_MASK);
	}

	/** `null`: nothing came from the environment. */
	private masked(): Masks | null {
		if (this.file.masked.length > 0) this.masks ??= new Masks(this.file.masked);
		return this.masks;
	}

	private policyOf(side: Side, rule: Rule, { kind, backends }: Outcome): PolicyGroup[] {
		const { file } = this;
		const path = this.pathOf(side, rule);
		const isFallback = rule === this.fallbackOf(side);
		const values = path === null ? policyOfDefaults(rule) : policyAt(file.effectiveAt(path));
		// Of a rule that asks nobody only what was written is worth a line.
		const asksNobody = kind === 'answer' || kind === 'refused';
		if (side === 'outbound') values.push(...policyAt(file.effectiveAt(['outbound', 'deadlines']), 'deadlines'));
		else values.push(...policyAt(file.effectiveAt(['inbound', 'authorization']), 'inbound.authorization'));
		const told = redactedPolicy(asksNobody ? values.filter(({ from }) => from !== 'default') : values, this.redaction);
		const groups: PolicyGroup[] = [{ of: 'rule', name: isFallback ? '' : this.nameOf(side, rule), values: told }];
		if (kind !== 'backends') return groups;
		for (const name of new Set(backends.filter(({ invalid }) => invalid === '').map(({ service }) => service))) {
			const at = name === 'app' ? ['inbound', 'service'] : ['services', name];
			groups.push({ of: 'service', name, values: policyAt(file.effectiveAt(at)) });
		}
		return groups;
	}
}

/** Without asking any rule. */
function decided(fate: Omit<Fate, 'outcome'>, outcome: Outcome, head: RequestHead | null): Evaluation {
	return { fate: { ...fate, outcome }, winner: null, unmasked: outcome, head };
}

function bytesReason({ passthrough, app }: Config, side: Side): string {
	if (passthrough) return '`passthrough` is on: no rule is looked at';
	return side === 'inbound' && app.protocol === 'tcp' ? '`app.protocol` is `tcp`: no rule is looked at' : '';
}

function maskedOutcome(outcome: Outcome, mask: Mask): Outcome {
	const { steps, backends, location, host, path, why } = outcome;
	const step = ({ what, detail }: Step): Step => ({ what, detail: mask(detail) });
	return {
		...outcome,
		location: mask(location),
		host: mask(host),
		path: mask(path),
		why: mask(why),
		steps: steps.map(step),
		backends: backends.map((share) => ({ ...share, label: mask(share.label), invalid: mask(share.invalid) })),
	};
}

/** Where requests go that no rule takes. */
const UNMATCHED = {
	inbound: 'inbound.unmatched is app',
	outbound: 'calls go by host to the service that lists it',
	servicePort: 'calls go to the service of the port',
} as const;

/** Why a call comes to nobody. `service`: by whose port it would come; `''`: by the outbound one. */
function nobodyListens({ services }: Config, service: string): string {
	if (service !== '') {
		const isKnown = services.some(({ name }) => name === service);
		return isKnown ? `\`services.${service}\` has no \`listen\`` : `the file has no service \`${service}\``;
	}
	const [own] = services.filter(({ listen }) => listen !== null);
	if (own === undefined) return 'the file has no `outbound`, so nothing listens for calls';
	return `the file has no \`outbound\`: calls come in by the ports of services alone, such as \`services.${own.name}.listen\``;
}
