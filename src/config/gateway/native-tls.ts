/** `BackendTLSPolicy` documents whose service is an entry of the route file. */
import type { Located } from '../located.ts';
import type { BackendTlsPolicies, Claim } from './backend-tls.ts';
import { listNode, replaced } from './nodes.ts';
import type { ClusterServices } from './services.ts';

/** The entries of `services` in the route file's tree, with the `tls` that policies give them. */
export function withPolicies(root: Located, policies: BackendTlsPolicies, services: ClusterServices): Located {
	const block = root.entries.get('services');
	if (block?.kind !== 'map') return root;
	const changes: Record<string, Located> = {};
	// What is said of a port goes before what is said of all.
	const claims = [...policies.all()].sort((a, b) => Number(a.section === '') - Number(b.section === ''));
	for (const claim of claims) {
		const name = services.nativeNameOf(claim.service);
		const entry = name === null ? undefined : (changes[name] ?? block.entries.get(name));
		if (name === null || entry?.kind !== 'map') continue;
		claim.isUsed = true;
		if (isApplicable(claim, name, entry)) changes[name] = secured(entry, claim);
	}
	return Object.keys(changes).length === 0 ? root : replaced(root, { services: replaced(block, changes) });
}

/** Says why not. */
function isApplicable({ document, path, section }: Claim, name: string, entry: Located): boolean {
	const node = document.at(path) ?? document.node;
	const own = entry.entries.get('tls');
	if (own !== undefined && own.value !== null) {
		const whose = own.origin === undefined ? 'has a `tls` of its own' : `has that of \`${own.origin.document}\``;
		document.warning(node, path, `has no effect: \`services.${name}\` ${whose}`);
		return false;
	}
	if (section === '') return true;
	const at = document.at([...path, 'sectionName']) ?? node;
	const ports = entry.entries.get('ports')?.entries;
	if (ports?.has(section) !== true) {
		const message = `is the name of no port of \`services.${name}\`, and has no effect`;
		document.warning(at, [...path, 'sectionName'], message);
		return false;
	}
	if (ports.size === 1) return true;
	const message = `is one port of \`services.${name}\`, which has one \`tls\` for all of them`;
	document.error(at, [...path, 'sectionName'], message, { expected: 'an entry of `services` for each port' });
	return false;
}

function secured(entry: Located, { document, path, tls }: Claim): Located {
	if (!tls.isBroken) return replaced(entry, { tls: tls.node });
	const { span, key } = document.at(path) ?? document.node;
	const none = listNode([], { span, key, origin: document.origin(path) });
	return replaced(entry, { tls: tls.node, endpoints: none, dns: null, file: null, kubernetes: null, subsets: null });
}
