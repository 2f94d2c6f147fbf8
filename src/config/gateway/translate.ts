/**
 * Documents of the Gateway API and of Kubernetes, as part of the route file's tree.
 *
 * Theory of operation. What stands in the documents is said in the words of the route file before anything is validated:
 * routes become rules, services become entries of `services`. The nodes keep their places and remember the document and
 * the path that they come from (`Located.origin`), so all that works on the tree (schemas, checks, the built
 * configuration, `/config`) works on these as well, and what is wrong with them is told in the words of the document.
 */
import { nameOfFile } from '../build.ts';
import type { Side } from '../config.ts';
import type { IssueList } from '../issue-list.ts';
import { type Located, locate } from '../located.ts';
import { BackendTlsPolicies } from './backend-tls.ts';
import type { GatewayDocument } from './document.ts';
import { gatewaysOf, type Hostname } from './listeners.ts';
import { withPolicies } from './native-tls.ts';
import { extended, listNode, mapNode, placeOf, replaced, scalarNode } from './nodes.ts';
import { attachmentOf } from './parents.ts';
import { rejections } from './rejections.ts';
import { checkRoute, rulesOf } from './route-rules.ts';
import type { ServiceName } from './service-name.ts';
import { heldToPorts, type PortRule, portRules } from './service-ports.ts';
import { ClusterServices } from './services.ts';
import { sortOut } from './sort-out.ts';

const DEFAULT_NAMESPACE = 'default';

/** The route file's tree with all that the documents add to it. */
export function translate(root: Located, documents: readonly Located[], issues: IssueList): Located {
	if (documents.length === 0 || root.kind !== 'map') return root;
	const app = appOf(root);
	const sorted = sortOut(documents, app.namespace, issues);
	const { routes, gateways } = sorted;
	const native = root.entries.get('services')?.entries ?? new Map<string, Located>();
	const policies = new BackendTlsPolicies([...sorted.policies].sort(byAge), sorted.configMaps);
	const services = new ClusterServices(sorted.services, sorted.slices, native, app.namespace, policies);
	const around = { gateways: gatewaysOf(gateways), services, namespace: app.namespace };
	const inbound: Located[] = [];
	const outbound: PortRule[] = [];
	let firstInbound: GatewayDocument | null = null;
	for (const document of [...routes].sort(byAge)) {
		checkRoute(document);
		const attached = attachmentOf(document, around);
		const rules = (side: Side, hostnames: readonly Hostname[]): Located[] =>
			rulesOf({ document, side, services, app }, hostnames);
		if (attached.inbound !== null) {
			firstInbound ??= document;
			inbound.push(...rules('inbound', attached.inbound));
		}
		if (attached.outbound.length === 0) continue;
		if (root.entries.has('outbound')) {
			outbound.push(...portRules(document, attached.outbound, (hostnames) => rules('outbound', hostnames)));
		} else
			document.warning(
				document.at(['spec', 'parentRefs']) ?? document.node,
				['spec', 'parentRefs'],
				NO_OUTBOUND,
				ADD_OUTBOUND,
			);
	}
	let tree = withServices(withPolicies(root, policies, services), services.entries());
	policies.tellUnused((service) => services.has(service));
	tree = withRules(tree, 'inbound', inbound);
	const ownRules = root.entries.get('outbound')?.entries.get('routes')?.items ?? [];
	tree = withRules(tree, 'outbound', [...outbound, ...rejections(outbound, ownRules)].map(heldToPorts));
	return firstInbound === null ? tree : withReject(tree, firstInbound, issues);
}

const NO_OUTBOUND = 'has no effect: the rules of a service are for what the app asks of others';
const ADD_OUTBOUND = { expected: '`outbound: { listen: 127.0.0.1:15001 }` in the route file' };

/** The app as Kubernetes would call it. */
function appOf(root: Located): ServiceName {
	const { node: name } = locate(root, ['app', 'name']);
	const { node: namespace } = locate(root, ['app', 'namespace']);
	return {
		name: typeof name.value === 'string' ? name.value : nameOfFile(root.span.file),
		namespace: typeof namespace.value === 'string' ? namespace.value : DEFAULT_NAMESPACE,
	};
}

/** The Gateway API's order among equals: the oldest first, then by name. */
function byAge(a: GatewayDocument, b: GatewayDocument): number {
	if (a.created !== b.created) {
		// Whoever has no age has not been in a cluster yet.
		if (a.created === '' || b.created === '') return a.created === '' ? 1 : -1;
		return a.created < b.created ? -1 : 1;
	}
	const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
	return left < right ? -1 : left > right ? 1 : 0;
}

function withServices(root: Located, entries: ReadonlyMap<string, Located>): Located {
	const [first] = entries.values();
	if (first === undefined) return root;
	const services = root.entries.get('services');
	const isAbsent = services === undefined || services.value === null;
	if (!isAbsent && services.kind !== 'map') return root;
	const origin = first.origin ?? { document: '', path: [] };
	const none = mapNode(new Map(), placeOf(first, origin));
	return replaced(root, { services: replaced(isAbsent ? none : services, Object.fromEntries(entries)) });
}

function withRules(root: Located, side: Side, rules: readonly Located[]): Located {
	const block = root.entries.get(side);
	const [first] = rules;
	if (first?.origin === undefined || block?.kind !== 'map') return root;
	const routes = block.entries.get('routes');
	const isAbsent = routes === undefined || routes.value === null;
	if (!isAbsent && routes.kind !== 'list') return root;
	const none = listNode([], placeOf(first, first.origin));
	return replaced(root, { [side]: replaced(block, { routes: extended(isAbsent ? none : routes, rules) }) });
}

/** What no rule of the Gateway API matches is nobody's: 404. */
function withReject(root: Located, first: GatewayDocument, issues: IssueList): Located {
	const block = root.entries.get('inbound');
	if (block?.kind !== 'map') return root;
	const unmatched = block.entries.get('unmatched');
	if (unmatched?.value === 'reject') return root;
	if (unmatched?.value === 'app') {
		const message = '`inbound.unmatched: app` has no effect: beside route documents it is always `reject`';
		issues.warning(unmatched.span, { path: ['inbound', 'unmatched'], message, expected: '`reject`, or no such key' });
	} else if (unmatched !== undefined && unmatched.value !== null) return root;
	const place = placeOf(first.at(['kind']) ?? first.node, first.origin(['kind']));
	return replaced(root, { inbound: replaced(block, { unmatched: scalarNode('reject', place) }) });
}
