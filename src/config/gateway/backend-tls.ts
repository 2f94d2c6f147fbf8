/**
 * `BackendTLSPolicy` documents: how services are asked by TLS, and whose certificates are believed.
 *
 * What cannot be obeyed is an error. Certificates that are not there are none, as the Gateway API has it: the policy holds,
 * so its service is asked neither in plaintext nor without being sure who it is, and requests get 503.
 */
import type { Located } from '../located.ts';
import { CaCertificates } from './ca-certificates.ts';
import type { GatewayDocument, Path } from './document.ts';
import { EXPECTED_HOSTNAME, isHostname } from './hostnames.ts';
import { listNode, mapNode, placeOf, scalarNode } from './nodes.ts';
import type { ServiceName } from './service-name.ts';

/** The Gateway API's bounds. */
const MAX_TARGETS = 16;
const MAX_NAMES = 5;

const DOCUMENT_KEYS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const SPEC_KEYS = ['targetRefs', 'validation', 'options'];
const TARGET_KEYS = ['group', 'kind', 'name', 'sectionName'];
const VALIDATION_KEYS = ['caCertificateRefs', 'wellKnownCACertificates', 'hostname', 'subjectAltNames'];
const NAME_KEYS = ['type', 'hostname', 'uri'];
const TARGETS: Path = ['spec', 'targetRefs'];
const VALIDATION: Path = ['spec', 'validation'];
const SYSTEM = 'System';

/** What a policy makes of a service, or of one of its ports. */
export interface BackendTls {
	readonly title: string;
	/** For `services.*.tls`. */
	readonly node: Located;
	/** No certificate of its authorities is there, so nobody can be believed. */
	readonly isBroken: boolean;
}

/** A target of a policy. */
export interface Claim {
	readonly document: GatewayDocument;
	readonly path: Path;
	readonly service: ServiceName;
	/** Name of a port; `''`: all that no other policy names. */
	readonly section: string;
	readonly tls: BackendTls;
	isUsed: boolean;
}

export class BackendTlsPolicies {
	/** By `namespace/name`, then by section. */
	readonly #claims = new Map<string, Map<string, Claim>>();

	/** `documents`: the oldest first, which wins. */
	constructor(documents: readonly GatewayDocument[], configMaps: readonly GatewayDocument[]) {
		const certificates = new CaCertificates(configMaps);
		for (const document of documents) {
			document.checkKeys([], DOCUMENT_KEYS);
			document.checkKeys(['spec'], SPEC_KEYS);
			const options = document.at(['spec', 'options']);
			if (options !== null && options.entries.size > 0) {
				document.error(options, ['spec', 'options'], 'is not supported by this version', { expected: 'no such key' });
			}
			const tls = tlsOf(document, certificates);
			for (const claim of claimsOf(document, tls)) this.#add(claim);
		}
	}

	#add(claim: Claim): void {
		const { document, path, service, section } = claim;
		const key = keyOf(service);
		const sections = this.#claims.get(key) ?? new Map<string, Claim>();
		this.#claims.set(key, sections);
		const winner = sections.get(section);
		if (winner === undefined) {
			sections.set(section, claim);
			return;
		}
		const message = `has no effect: \`${winner.document.title}\` has the same target, and comes before it`;
		document.warning(document.at(path) ?? document.node, path, message);
	}

	/** For a port of a service; `null`: it is asked in plaintext. */
	of(service: ServiceName, port: string): BackendTls | null {
		const sections = this.#claims.get(keyOf(service));
		const claim = (port === '' ? undefined : sections?.get(port)) ?? sections?.get('');
		if (claim === undefined) return null;
		claim.isUsed = true;
		return claim.tls;
	}

	all(): readonly Claim[] {
		return [...this.#claims.values()].flatMap((sections) => [...sections.values()]);
	}

	/** What nothing came of. `has`: whether a Service document of the name is there. */
	tellUnused(has: (service: ServiceName) => boolean): void {
		for (const { document, path, service, section, isUsed } of this.all()) {
			if (isUsed) continue;
			const node = document.at(path) ?? document.node;
			if (!has(service)) {
				const expected = 'a `Service` among the documents, or an entry of `services`';
				document.warning(node, path, 'names a service that is not there, and has no effect', { expected });
			} else if (section === '') {
				document.warning(node, path, 'has no effect: each port of the service has a policy of its own');
			} else {
				const at = document.at([...path, 'sectionName']) ?? node;
				document.warning(at, [...path, 'sectionName'], 'is the name of no port of the service, and has no effect');
			}
		}
	}
}

function keyOf({ namespace, name }: ServiceName): string {
	return `${namespace}/${name}`;
}

function claimsOf(document: GatewayDocument, tls: BackendTls): Claim[] {
	const targets = document.list(TARGETS, MAX_TARGETS);
	if (targets.length === 0) {
		const node = document.at(TARGETS) ?? document.at(['spec']) ?? document.node;
		document.error(node, TARGETS, 'has no target', { expected: 'at least one Service' });
	}
	return targets.flatMap((target, index): Claim[] => {
		const path = [...TARGETS, index];
		if (!document.checkKeys(path, TARGET_KEYS)) return [];
		const group = document.text([...path, 'group']) ?? '';
		if (document.text([...path, 'kind']) !== 'Service' || (group !== '' && group !== 'core')) {
			const at = document.at([...path, 'kind']) ?? target;
			document.error(at, [...path, 'kind'], 'is nothing that is asked by TLS here', { expected: '`Service`' });
			return [];
		}
		const name = document.text([...path, 'name']) ?? '';
		if (name === '') {
			document.error(target, path, 'has no `name`');
			return [];
		}
		const section = document.text([...path, 'sectionName']) ?? '';
		const service = { namespace: document.namespace, name };
		return [{ document, path, service, section, tls, isUsed: false }];
	});
}

function tlsOf(document: GatewayDocument, certificates: CaCertificates): BackendTls {
	const validation = document.at(VALIDATION);
	const at = validation ?? document.at(['spec']) ?? document.node;
	const place = placeOf(at, document.origin(VALIDATION));
	const entries = new Map([['mode', scalarNode('simple', place)]]);
	const tls = { title: document.title, isBroken: false };
	if (validation === null) {
		document.error(at, VALIDATION, 'is missing');
		return { ...tls, node: mapNode(entries, place) };
	}
	if (!document.checkKeys(VALIDATION, VALIDATION_KEYS)) return { ...tls, node: mapNode(entries, place) };
	const sni = hostnameOf(document, validation);
	if (sni !== null) entries.set('sni', sni);
	const path = [...VALIDATION, 'subjectAltNames'];
	const written = document.list(path, MAX_NAMES);
	const names = written.flatMap((name, index) => nameOf(document, name, [...path, index]) ?? []);
	if (names.length > 0) {
		entries.set('subjectAltNames', listNode(names, placeOf(document.at(path) ?? at, document.origin(path))));
	}
	const refs = document.list([...VALIDATION, 'caCertificateRefs']);
	const isSystem = usesSystem(document, validation, refs);
	if (refs.length === 0 || isSystem) return { ...tls, node: mapNode(entries, place) };
	const bundle = certificates.bundleOf(document, [...VALIDATION, 'caCertificateRefs']);
	if (bundle !== null) entries.set('trustBundle', bundle);
	return { ...tls, isBroken: bundle === null, node: mapNode(entries, place) };
}

/** `null`: none that is valid, which is an error. */
function hostnameOf(document: GatewayDocument, validation: Located): Located | null {
	const path = [...VALIDATION, 'hostname'];
	const node = document.at(path);
	if (node === null) document.error(validation, path, 'is missing', { expected: EXPECTED_HOSTNAME });
	const text = document.text(path);
	if (node === null || text === null) return null;
	if (isHostname(text) && !text.startsWith('*')) return scalarNode(text, placeOf(node, document.origin(path)), node);
	const expected = 'a name such as `orders.example.com`, without wildcard';
	document.error(node, path, 'is not the name of a server', { expected });
	return null;
}

/** An item of `subjectAltNames`, which is checked there; `null`: an error has been told. */
function nameOf(document: GatewayDocument, item: Located, path: Path): Located | null {
	if (!document.checkKeys(path, NAME_KEYS)) return null;
	const type = document.text([...path, 'type']);
	if (type !== 'Hostname' && type !== 'URI') {
		const at = document.at([...path, 'type']) ?? item;
		document.error(at, [...path, 'type'], 'is not one of its values', { expected: 'one of `Hostname`, `URI`' });
		return null;
	}
	const key = type === 'URI' ? 'uri' : 'hostname';
	const node = document.at([...path, key]);
	const text = document.text([...path, key]);
	if (node === null) document.error(item, [...path, key], 'is missing');
	const otherKey = type === 'URI' ? 'hostname' : 'uri';
	const other = document.at([...path, otherKey]);
	if (other !== null) {
		document.error(other, [...path, otherKey], `stands beside \`type: ${type}\``, { expected: `\`${key}\`` });
	}
	if (node === null || text === null || other !== null) return null;
	return scalarNode(text, placeOf(node, document.origin([...path, key])), node);
}

/** Whether the authorities are those of the system; whatever else is said of them is held against it. */
function usesSystem(document: GatewayDocument, validation: Located, refs: readonly Located[]): boolean {
	const path = [...VALIDATION, 'wellKnownCACertificates'];
	const node = document.at(path);
	const wellKnown = document.text(path);
	const expected = '`caCertificateRefs`, or `wellKnownCACertificates: System`';
	if (node === null) {
		if (refs.length === 0) document.error(validation, VALIDATION, 'does not say whom to believe', { expected });
		return false;
	}
	if (refs.length > 0) {
		document.error(node, path, 'stands beside `caCertificateRefs`', { expected: `either of ${expected}` });
	} else if (wellKnown !== null && wellKnown !== SYSTEM) {
		document.error(node, path, 'is not supported by this version', { expected: `\`${SYSTEM}\`` });
	}
	return true;
}
