/** Rules of an `HTTPRoute` or a `GRPCRoute` in the words of the route file, which are mostly the same. */
import type { Located } from '../located.ts';
import { type BackendContext, resolved } from './backends.ts';
import type { GatewayDocument, Path } from './document.ts';
import { grpcMatches } from './grpc-matches.ts';
import type { Hostname } from './listeners.ts';
import { listNode, mapNode, type Place, placeOf, replaced, scalarNode } from './nodes.ts';

/** The Gateway API's bounds. */
const MAX_RULES = 16;
const MAX_MATCHES = 128;

const DOCUMENT_KEYS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const SPEC_KEYS = ['parentRefs', 'hostnames', 'rules', 'useDefaultGateways'];
const GRPC_RULE_KEYS = ['name', 'matches', 'filters', 'backendRefs', 'sessionPersistence'];
const HTTP_RULE_KEYS = [...GRPC_RULE_KEYS, 'timeouts', 'retry'];
const GRPC_FILTERS = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror', 'ExtensionRef'];
/** A `retry` also retries connections that fail, and attempts that take too long (GEP-1731). */
const RETRIED = ['connect-failure', 'reset', 'refused-stream', 'timeout'];
const RULES: Path = ['spec', 'rules'];

/** Says what is wrong with a route as a whole; once, however many sides it has rules for. */
export function checkRoute(document: GatewayDocument): void {
	document.checkKeys([], DOCUMENT_KEYS);
	document.checkKeys(['spec'], SPEC_KEYS);
	const rules = document.list(RULES, MAX_RULES);
	const keys = document.kind === 'GRPCRoute' ? GRPC_RULE_KEYS : HTTP_RULE_KEYS;
	let matches = 0;
	for (const [index, rule] of rules.entries()) {
		document.checkKeys([...RULES, index], keys);
		matches += rule.entries.get('matches')?.items.length ?? 0;
		if (document.kind === 'GRPCRoute') checkGrpcFilters(document, [...RULES, index, 'filters']);
	}
	const at = document.at(RULES);
	if (at?.kind === 'list' && rules.length === 0) {
		document.error(at, RULES, 'has no rule', { expected: 'at least one, or no `rules`: one for every request' });
	}
	if (matches <= MAX_MATCHES || at === null) return;
	document.error(at, RULES, 'has too many matches in all', { expected: `at most ${MAX_MATCHES}` });
}

function checkGrpcFilters(document: GatewayDocument, path: Path): void {
	for (const index of document.list(path).keys()) {
		const type = document.text([...path, index, 'type']);
		const node = document.at([...path, index, 'type']);
		if (type === null || node === null || GRPC_FILTERS.includes(type)) continue;
		const expected = `one of ${GRPC_FILTERS.map((name) => `\`${name}\``).join(', ')}`;
		document.error(node, [...path, index, 'type'], 'is no filter of a `GRPCRoute`', { expected });
	}
}

/** Nodes for `inbound.routes` or `outbound.routes`. `hostnames`: empty for any. */
export function rulesOf(context: BackendContext, hostnames: readonly Hostname[]): Located[] {
	const { document } = context;
	const rules = document.list(RULES);
	if (document.at(RULES) === null) {
		const spec = document.at(['spec']) ?? document.node;
		return [
			new RuleTranslation(context, mapNode(new Map(), placeOf(spec, document.origin(['spec']))), ['spec']).node(
				hostnames,
			),
		];
	}
	return rules.flatMap((rule, index) =>
		rule.kind === 'map' ? [new RuleTranslation(context, rule, [...RULES, index]).node(hostnames)] : [],
	);
}

class RuleTranslation {
	readonly #context: BackendContext;
	readonly #document: GatewayDocument;
	readonly #rule: Located;
	readonly #path: Path;
	readonly #place: Place;

	constructor(context: BackendContext, rule: Located, path: Path) {
		this.#context = context;
		this.#document = context.document;
		this.#rule = rule;
		this.#path = path;
		this.#place = placeOf(rule, context.document.origin(path));
	}

	node(hostnames: readonly Hostname[]): Located {
		const entries = new Map<string, Located>();
		const keys = this.#document.kind === 'GRPCRoute' ? GRPC_RULE_KEYS : HTTP_RULE_KEYS;
		for (const key of keys) {
			const written = this.#rule.entries.get(key);
			if (written !== undefined) entries.set(key, written);
		}
		if (hostnames.length > 0) entries.set('hostnames', this.#hostnames(hostnames));
		if (this.#document.kind === 'GRPCRoute') {
			entries.set('matches', grpcMatches(this.#document, this.#place, [...this.#path, 'matches']));
		}
		const filters = entries.get('filters');
		if (filters !== undefined) entries.set('filters', this.#filters(filters, [...this.#path, 'filters']));
		const backends = this.#backends(entries.get('backendRefs'));
		if (backends === null) entries.delete('backendRefs');
		else entries.set('backendRefs', backends);
		const retry = entries.get('retry');
		if (retry !== undefined) entries.set('retry', this.#retry(retry));
		return mapNode(entries, this.#place);
	}

	#hostnames(hostnames: readonly Hostname[]): Located {
		const items = hostnames.map(({ text, node, document, path }) =>
			scalarNode(text, placeOf(node, document.origin(path)), node),
		);
		const written = this.#document.at(['spec', 'hostnames']);
		const place = written === null ? this.#place : placeOf(written, this.#document.origin(['spec', 'hostnames']));
		return listNode(items, place);
	}

	/** `null`: none are needed. No backend is no mistake: whatever no filter answers gets 500. */
	#backends(written: Located | undefined): Located | null {
		const path = [...this.#path, 'backendRefs'];
		const isEmpty =
			written === undefined || written.value === null || (written.kind === 'list' && written.items.length === 0);
		if (!isEmpty) {
			return changedItems(written, (ref, index) => {
				const filters = ref.entries.get('filters');
				const at = [...path, index];
				const same = resolved(ref, at, this.#context);
				return filters === undefined ? same : replaced(same, { filters: this.#filters(filters, [...at, 'filters']) });
			});
		}
		const filters = this.#rule.entries.get('filters')?.items ?? [];
		const redirects = filters.some((filter) => filter.entries.has('requestRedirect'));
		return redirects ? null : listNode([], { ...this.#place, origin: this.#document.origin(path) });
	}

	#filters(filters: Located, path: Path): Located {
		return changedItems(filters, (filter, index) => {
			const mirror = filter.entries.get('requestMirror');
			const ref = mirror?.entries.get('backendRef');
			if (mirror === undefined || ref === undefined) return filter;
			const backendRef = resolved(ref, [...path, index, 'requestMirror', 'backendRef'], this.#context);
			return replaced(filter, { requestMirror: replaced(mirror, { backendRef }) });
		});
	}

	#retry(retry: Located): Located {
		if (retry.kind !== 'map' || retry.entries.has('on')) return retry;
		const place = placeOf(retry, this.#document.origin([...this.#path, 'retry']));
		return replaced(retry, {
			on: listNode(
				RETRIED.map((name) => scalarNode(name, place)),
				place,
			),
		});
	}
}

function changedItems(list: Located, change: (item: Located, index: number) => Located): Located {
	if (list.kind !== 'list') return list;
	const items = list.items.map((item, index) => (item.kind === 'map' ? change(item, index) : item));
	return { ...list, items, value: items.map((item) => item.value) };
}
