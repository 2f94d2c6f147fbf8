/** The kinds of documents that may stand beside the route file: what each means here. */

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** By kind: the versions whose form is known. */
const READ: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
	[GATEWAY_GROUP]: {
		HTTPRoute: ['v1', 'v1beta1'],
		GRPCRoute: ['v1'],
		Gateway: ['v1', 'v1beta1'],
		BackendTLSPolicy: ['v1', 'v1alpha3'],
	},
	'': { Service: ['v1'], ConfigMap: ['v1'] },
	'discovery.k8s.io': { EndpointSlice: ['v1'] },
};

/** What would change where requests go, or how, and cannot be obeyed. */
const LATER: Readonly<Record<string, readonly string[]>> = {
	[GATEWAY_GROUP]: ['TLSRoute', 'TCPRoute', 'UDPRoute'],
	'gateway.networking.x-k8s.io': ['XBackendTrafficPolicy'],
};

/** What has no meaning in a sidecar: the cluster's own affairs. */
const IGNORED: Readonly<Record<string, readonly string[]>> = {
	[GATEWAY_GROUP]: ['GatewayClass', 'ReferenceGrant', 'ListenerSet'],
	'gateway.networking.x-k8s.io': ['XListenerSet', 'XMesh'],
	'': [
		'Endpoints',
		'Event',
		'LimitRange',
		'Namespace',
		'Node',
		'PersistentVolume',
		'PersistentVolumeClaim',
		'Pod',
		'PodTemplate',
		'ReplicationController',
		'ResourceQuota',
		'Secret',
		'ServiceAccount',
	],
	apps: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
	autoscaling: ['HorizontalPodAutoscaler'],
	batch: ['CronJob', 'Job'],
	policy: ['PodDisruptionBudget'],
	'coordination.k8s.io': ['Lease'],
	'networking.k8s.io': ['Ingress', 'IngressClass', 'NetworkPolicy', 'ServiceCIDR', 'IPAddress'],
	'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
	'scheduling.k8s.io': ['PriorityClass'],
	'storage.k8s.io': ['StorageClass', 'VolumeAttachment', 'CSIDriver', 'CSINode', 'CSIStorageCapacity'],
	'apiextensions.k8s.io': ['CustomResourceDefinition'],
	'apiregistration.k8s.io': ['APIService'],
	'admissionregistration.k8s.io': [
		'MutatingWebhookConfiguration',
		'ValidatingWebhookConfiguration',
		'ValidatingAdmissionPolicy',
		'ValidatingAdmissionPolicyBinding',
	],
};

export type KindMeaning =
	| { readonly is: 'read' }
	| { readonly is: 'later' }
	| { readonly is: 'ignored' }
	| { readonly is: 'otherVersion'; readonly versions: readonly string[] }
	/** A kind that its group does not have; `known`: those that it has. */
	| { readonly is: 'unknown'; readonly known: readonly string[] };

/** `group`: `''` is Kubernetes' own. Groups that are neither its own nor the Gateway API's may have any kind. */
export function meaningOf(group: string, version: string, kind: string): KindMeaning {
	const versions = READ[group]?.[kind];
	if (versions !== undefined) return versions.includes(version) ? { is: 'read' } : { is: 'otherVersion', versions };
	if (LATER[group]?.includes(kind) === true) return { is: 'later' };
	if (IGNORED[group]?.includes(kind) === true) return { is: 'ignored' };
	const known = [...Object.keys(READ[group] ?? {}), ...(LATER[group] ?? []), ...(IGNORED[group] ?? [])];
	return known.length === 0 ? { is: 'ignored' } : { is: 'unknown', known };
}

/** Several documents in one. */
export const LIST = 'List';

/** Other documents are not looked into: scripts in them may look like references to the environment. */
export function isWorthReading(apiVersion: string, kind: string): boolean {
	const slash = apiVersion.indexOf('/');
	const group = slash < 0 ? '' : apiVersion.slice(0, slash);
	return kind === LIST || meaningOf(group, apiVersion.slice(slash + 1), kind).is === 'read';
}
