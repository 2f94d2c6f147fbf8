/** The documents beside the route file, sorted by what they are. What cannot be obeyed is an error, what has no meaning a note. */
import type { IssueList } from '../issue-list.ts';
import { type Located, lineText } from '../located.ts';
import { nearest } from '../suggest.ts';
import { configMapsOf } from './ca-certificates.ts';
import { GatewayDocument } from './document.ts';
import { LIST, meaningOf } from './kinds.ts';

export interface SortedDocuments {
	readonly routes: readonly GatewayDocument[];
	readonly gateways: readonly GatewayDocument[];
	readonly services: readonly GatewayDocument[];
	readonly slices: readonly GatewayDocument[];
	readonly policies: readonly GatewayDocument[];
	/** Those that a policy refers to. */
	readonly configMaps: readonly GatewayDocument[];
}

/** `namespace`: that of documents that name none. */
export function sortOut(documents: readonly Located[], namespace: string, issues: IssueList): SortedDocuments {
	const sorter = new Sorter(namespace, issues);
	sorter.noteReferences(documents);
	for (const document of documents) sorter.add(document);
	sorter.tellIgnored();
	const of = (...kinds: string[]): GatewayDocument[] => sorter.read.filter(({ kind }) => kinds.includes(kind));
	return {
		routes: of('HTTPRoute', 'GRPCRoute'),
		gateways: of('Gateway'),
		services: of('Service'),
		slices: of('EndpointSlice'),
		policies: of('BackendTLSPolicy'),
		configMaps: of('ConfigMap'),
	};
}

class Sorter {
	readonly read: GatewayDocument[] = [];
	readonly #namespace: string;
	readonly #issues: IssueList;
	readonly #byName = new Map<string, Located>();
	/** Documents without a meaning here, by kind; the first one is where it is told. */
	readonly #ignored = new Map<string, number>();
	#firstIgnored: Located | null = null;
	/** `namespace/name` of the `ConfigMap` documents that are read: the others are nobody's. */
	readonly #referred = new Set<string>();
	/** Documents that say what a cluster made of them. */
	#statuses = 0;

	constructor(namespace: string, issues: IssueList) {
		this.#namespace = namespace;
		this.#issues = issues;
	}

	noteReferences(documents: readonly Located[]): void {
		for (const document of documents) {
			const kind = document.entries.get('kind')?.value;
			if (kind === LIST) this.noteReferences(document.entries.get('items')?.items ?? []);
			if (kind !== 'BackendTLSPolicy') continue;
			for (const key of configMapsOf(document, this.#namespaceOf(document))) this.#referred.add(key);
		}
	}

	#namespaceOf(document: Located): string {
		const given = document.entries.get('metadata')?.entries.get('namespace')?.value;
		return typeof given === 'string' ? given : this.#namespace;
	}

	#isReferred(document: Located): boolean {
		const name = String(document.entries.get('metadata')?.entries.get('name')?.value);
		return this.#referred.has(`${this.#namespaceOf(document)}/${name}`);
	}

	add(document: Located): void {
		const kind = this.#word(document, 'kind', 'a kind such as `HTTPRoute`');
		const apiVersion = this.#word(document, 'apiVersion', 'such as `gateway.networking.k8s.io/v1`');
		if (kind === '' || apiVersion === '') return;
		if (kind === LIST) {
			// What `kubectl get -o yaml` prints.
			for (const item of document.entries.get('items')?.items ?? []) this.add(item);
			return;
		}
		const slash = apiVersion.indexOf('/');
		const meaning = meaningOf(slash < 0 ? '' : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind);
		if (kind === 'ConfigMap' && !this.#isReferred(document)) return this.#ignore(document, kind);
		if (meaning.is === 'read') return this.#take(document, kind);
		if (meaning.is === 'ignored') return this.#ignore(document, kind);
		const at = document.entries.get(meaning.is === 'otherVersion' ? 'apiVersion' : 'kind') ?? document;
		if (meaning.is === 'later') {
			const message = `\`kind: ${kind}\` is not supported by this version`;
			return this.#issues.error(at.span, { path: ['kind'], message });
		}
		if (meaning.is === 'otherVersion') {
			const expected = meaning.versions
				.map((version) => `\`${apiVersion.slice(0, slash + 1)}${version}\``)
				.join(' or ');
			const message = `\`apiVersion: ${apiVersion}\` of \`${kind}\` is not supported by this version`;
			return this.#issues.error(at.span, { path: ['apiVersion'], message, expected });
		}
		const guess = nearest(kind, meaning.known);
		this.#issues.error(at.span, {
			path: ['kind'],
			message: `\`${apiVersion}\` has no kind \`${kind}\``,
			hint: guess === '' ? '' : `did you mean \`${guess}\`?`,
		});
	}

	#word(document: Located, key: string, expected: string): string {
		const node = document.entries.get(key);
		if (typeof node?.value === 'string' && node.value !== '') return node.value;
		const message = node === undefined ? `\`${key}\` is missing in a document` : `\`${key}\` is not text`;
		this.#issues.error(node?.span ?? { ...document.span, length: 1 }, { path: [key], message, expected });
		return '';
	}

	#take(node: Located, kind: string): void {
		const metadata = node.entries.get('metadata');
		const name = metadata?.entries.get('name')?.value;
		if (typeof name !== 'string' || name === '') {
			const at = metadata?.entries.get('name') ?? node.entries.get('kind') ?? node;
			const message = `\`metadata.name\` of this \`${kind}\` is missing`;
			this.#issues.error(at.span, { path: ['metadata', 'name'], message, expected: 'a name' });
			return;
		}
		const given = metadata?.entries.get('namespace');
		const namespace = this.#namespaceOf(node);
		const shown = `${given?.env?.masked ?? namespace}/${metadata?.entries.get('name')?.env?.masked ?? name}`;
		const document = new GatewayDocument(node, { kind, namespace, name, title: `${kind} ${shown}` }, this.#issues);
		if (node.entries.has('status')) this.#statuses++;
		const key = `${kind} ${namespace}/${name}`;
		const first = this.#byName.get(key);
		if (first !== undefined) {
			const message = `is given twice; first on ${lineText(first.span, node.span.file)}`;
			return document.error(node, [], message, { expected: 'each document once' });
		}
		this.#byName.set(key, node);
		this.read.push(document);
	}

	#ignore(document: Located, kind: string): void {
		this.#firstIgnored ??= document;
		this.#ignored.set(kind, (this.#ignored.get(kind) ?? 0) + 1);
	}

	/** In one line, whatever there is: exports of a cluster hold dozens. */
	tellIgnored(): void {
		const first = this.#firstIgnored ?? this.read.find(({ node }) => node.entries.has('status'))?.node;
		if (first === undefined) return;
		const kinds = [...this.#ignored].sort(([a], [b]) => (a < b ? -1 : 1));
		const counted = kinds.map(([kind, count]) => (count === 1 ? `\`${kind}\`` : `${count} \`${kind}\``));
		if (this.#statuses > 0) counted.push('`status`');
		const message = `without meaning for a sidecar, and ignored: ${counted.join(', ')}`;
		this.#issues.note((first.entries.get('kind') ?? first).span, { path: ['kind'], message });
	}
}
