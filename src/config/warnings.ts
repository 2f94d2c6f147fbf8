/** What is allowed and still probably not meant. */
import { isLoopback } from './addresses.ts';
import { APP, keyOfReason, subsetsOf } from './build-target.ts';
import type { BackendTarget, Config, Filter, Rule, Side } from './config.ts';
import { identityWarnings } from './identity-warnings.ts';
import type { IssueList } from './issue-list.ts';
import { formatPath, type Located, lineText, locate, type PathSegment, writtenPath } from './located.ts';
import { maskedName } from './rule-name.ts';
import { serviceWarnings } from './service-warnings.ts';
import { findSharedSessions } from './shared-sessions.ts';
import { nearest } from './suggest.ts';
import { findUnreachable } from './unreachable.ts';

type Path = readonly PathSegment[];

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

function answersItself({ directResponse, filters }: Rule): boolean {
	return directResponse !== null || filters.some(({ type }) => type === 'RequestRedirect');
}

export function warnAbout(config: Config, root: Located, issues: IssueList): void {
	const warnings = new Warnings(config, root, issues);
	warnings.aboutFile();
	warnings.aboutServicesAndIdentities();
	warnings.aboutRules('inbound', config.inbound.routes);
	warnings.aboutRules('outbound', config.outbound?.routes ?? []);
}

class Warnings {
	readonly #config: Config;
	readonly #root: Located;
	readonly #issues: IssueList;

	constructor(config: Config, root: Located, issues: IssueList) {
		this.#config = config;
		this.#root = root;
		this.#issues = issues;
	}

	aboutFile(): void {
		const { admin, passthrough, app, inbound } = this.#config;
		if (!isLoopback(admin.listen.host)) {
			this.#warn(['admin', 'listen'], 'is not a loopback address: whoever reaches it can read and drain');
		}
		if (passthrough) this.#warn(['passthrough'], 'forwards bytes: no rule, limit or metric of a request applies');
		if (app.protocol === 'tcp' && inbound.routes.length > 0) {
			this.#warn(['inbound', 'routes'], 'has no effect: `app.protocol: tcp` forwards bytes');
		}
	}

	aboutServicesAndIdentities(): void {
		const all = [...serviceWarnings(this.#config, this.#root), ...identityWarnings(this.#config)];
		for (const { path, message, expected } of all) {
			this.#warn(path, message, expected === undefined ? {} : { expected });
		}
	}

	aboutRules(side: Side, rules: readonly Rule[]): void {
		for (const [index, rule] of rules.entries()) {
			const path = [side, 'routes', index];
			this.#aboutRetry(rule, [...path, 'retry']);
			this.#aboutTunnels(rule, path);
			this.#aboutHedge(rule, [...path, 'hedge']);
			this.#aboutBackends(rule, path);
			this.#aboutMirrors(rule.filters, [...path, 'filters']);
		}
		for (const { rule, index, shadowedBy } of findUnreachable(rules)) {
			const name = maskedName(this.#root, [side, 'routes', index], rule);
			const message = `(\`${name}\`) never matches: the rule on ${lineText(shadowedBy.at, rule.at.file)} takes all of its requests`;
			this.#warn([side, 'routes', index], message);
		}
		for (const { index, earlier } of findSharedSessions(rules)) this.#aboutSession([side, 'routes', index], earlier);
	}

	#aboutSession(path: Path, earlier: Rule): void {
		const { file } = locate(this.#root, path).node.span;
		const where = lineText(earlier.at, file);
		const message = `is the name that the rule on ${where} has at the same host: each rule ends the sessions of the other`;
		this.#warn([...path, 'sessionPersistence', 'sessionName'], message, {
			expected: 'a name for each rule, or one rule',
		});
	}

	#aboutRetry({ retry, backendRefs }: Rule, path: Path): void {
		if (retry?.methods === 'all') {
			const expected = '`idempotent` or `idempotencyKey`';
			this.#warn([...path, 'methods'], 'repeats requests that may not be safe to repeat', { expected });
		}
		const asksApp = backendRefs.some(({ service, weight }) => service === APP && weight > 0);
		if (asksApp && retry !== null && retry.codes.length > 0) {
			this.#warn([...path, 'codes'], 'asks the app again for what it has answered');
		}
	}

	/** Of rules that ask for the method; one that takes any method is about others. */
	#aboutTunnels({ matches, directResponse, fault }: Rule, path: Path): void {
		if (!matches.some(({ methods }) => methods.includes('CONNECT'))) return;
		const consequence = 'would open a tunnel that leads nowhere: CONNECT gets 501';
		if (isSuccess(directResponse?.status)) this.#warn([...path, 'directResponse', 'status'], consequence);
		if (isSuccess(fault?.abort?.status)) this.#warn([...path, 'fault', 'abort', 'status'], consequence);
	}

	#aboutHedge({ hedge, matches }: Rule, path: Path): void {
		if (hedge === null) return;
		const isOnce = matches.every(({ methods }) => methods.length > 0 && !methods.some((each) => IDEMPOTENT.has(each)));
		if (!isOnce) return;
		const message = 'has no effect: no method of the rule is safe to repeat';
		this.#warn(path, message, { expected: 'a rule for GET, or for another idempotent method' });
	}

	#aboutBackends(rule: Rule, path: Path): void {
		const { backendRefs } = rule;
		if (backendRefs.length === 0 && !rule.isByHost && !answersItself(rule)) {
			this.#warn([...path, 'backendRefs'], 'has no backend: requests get 500');
		}
		for (const [index, ref] of backendRefs.entries()) {
			const at = [...path, 'backendRefs', index];
			this.#aboutTarget(ref, at, 'its share of the requests gets 500');
			this.#aboutMirrors(ref.filters, [...at, 'filters']);
		}
		if (backendRefs.length > 0 && backendRefs.every(({ weight }) => weight === 0)) {
			this.#warn([...path, 'backendRefs'], 'has no weight above 0: requests get 500');
		}
	}

	#aboutMirrors(filters: readonly Filter[], path: Path): void {
		for (const [index, filter] of filters.entries()) {
			if (filter.type !== 'RequestMirror') continue;
			this.#aboutTarget(filter.backend, [...path, index, 'requestMirror', 'backendRef'], 'no copies are sent');
		}
	}

	#aboutTarget({ service, subset, invalid }: BackendTarget, path: Path, consequence: string): void {
		if (invalid === '') return;
		const key = keyOfReason(invalid);
		const name = locate(this.#root, [...path, 'name']).node;
		const { services } = this.#config;
		const known = services.find((one) => one.name === service);
		const subsets = known === undefined ? [] : subsetsOf(known);
		const isKnown = service === APP || known !== undefined;
		const guess = isKnown ? nearest(subset, subsets) : nearest(service, [APP, ...services.map((one) => one.name)]);
		const meant = isKnown ? `${service}/${guess}` : guess;
		const hint = guess === '' || name.env !== null ? '' : `did you mean \`${meant}\`?`;
		this.#warn(path, `${invalid}: ${consequence}`, { key, hint: key === 'name' ? hint : '' });
	}

	/** The message completes "`path` …"; it is shown at the path, or at a key of what is there. */
	#warn(path: Path, message: string, { expected = '', hint = '', key = '' }: Details = {}): void {
		const { node } = locate(this.#root, key === '' ? path : [...path, key]);
		const span = node.kind === 'scalar' ? node.span : (node.key ?? { ...node.span, length: 1 });
		const written = writtenPath(this.#root, path);
		this.#issues.warning(span, { path: written, message: `\`${formatPath(written)}\` ${message}`, expected, hint });
	}
}

function isSuccess(status = 0): boolean {
	return status >= 200 && status < 300;
}

interface Details {
	readonly expected?: string;
	readonly hint?: string;
	readonly key?: string;
}
