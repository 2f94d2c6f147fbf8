/** Certificates of authorities in `ConfigMap` documents, and references to them. */
import type { Located } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import { placeOf, scalarNode } from './nodes.ts';

/** The Gateway API's bound. */
const MAX_REFS = 8;
const REF_KEYS = ['group', 'kind', 'name'];
/** Where certificates stand in a `ConfigMap` (GEP-1897). */
export const CA_KEY = 'ca.crt';
const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

interface Bundle {
	readonly title: string;
	readonly pem: string;
}

export class CaCertificates {
	/** By `namespace/name`. */
	readonly #configMaps = new Map<string, GatewayDocument>();

	constructor(configMaps: readonly GatewayDocument[]) {
		for (const document of configMaps) this.#configMaps.set(`${document.namespace}/${document.name}`, document);
	}

	/** All that a list of references finds, called by its documents: a value of `trustBundle`. `null`: nothing. */
	bundleOf(document: GatewayDocument, path: Path): Located | null {
		const list = document.at(path);
		const found: Bundle[] = [];
		const lost: { readonly node: Located; readonly path: Path; readonly why: string }[] = [];
		for (const [index, node] of document.list(path, MAX_REFS).entries()) {
			const at = [...path, index];
			const name = nameOf(document, node, at);
			if (name === null) continue;
			const bundle = this.#bundle(document.namespace, name);
			if (typeof bundle === 'string') lost.push({ node, path: at, why: bundle });
			else found.push(bundle);
		}
		const consequence = found.length === 0 ? 'requests get 503' : 'it is left out';
		for (const { node, path: at, why } of lost) document.warning(node, at, `${why}: ${consequence}`);
		if (list === null || found.length === 0) return null;
		const title = found.map((bundle) => bundle.title).join(', ');
		const pem = found.map((bundle) => `${bundle.pem.trimEnd()}\n`).join('');
		return { ...scalarNode(title, placeOf(list, document.origin(path))), pem };
	}

	/** What there is, or why nothing. */
	#bundle(namespace: string, name: string): Bundle | string {
		const configMap = this.#configMaps.get(`${namespace}/${name}`);
		if (configMap === undefined) return 'names a `ConfigMap` that is not there';
		const pem = configMap.at(['data', CA_KEY])?.value;
		if (typeof pem !== 'string') return `names a \`ConfigMap\` without \`${CA_KEY}\``;
		return pem.includes(CERTIFICATE) ? { title: configMap.title, pem } : 'names a `ConfigMap` without a certificate';
	}
}

/** `null`: an error has been told. */
function nameOf(document: GatewayDocument, node: Located, path: Path): string | null {
	if (!document.checkKeys(path, REF_KEYS)) return null;
	const group = document.text([...path, 'group']) ?? '';
	if (document.text([...path, 'kind']) !== 'ConfigMap' || (group !== '' && group !== 'core')) {
		const at = document.at([...path, 'kind']) ?? node;
		document.error(at, [...path, 'kind'], 'is no kind that holds certificates here', { expected: '`ConfigMap`' });
		return null;
	}
	const name = document.text([...path, 'name']) ?? '';
	if (name === '') document.error(node, path, 'has no `name`');
	return name === '' ? null : name;
}

/** `namespace/name` of the `ConfigMap` documents that a policy refers to, whatever else is wrong with it. */
export function configMapsOf(policy: Located, namespace: string): readonly string[] {
	const validation = policy.entries.get('spec')?.entries.get('validation');
	const refs = validation?.entries.get('caCertificateRefs')?.items ?? [];
	return refs.map((ref) => `${namespace}/${String(ref.entries.get('name')?.value)}`);
}
