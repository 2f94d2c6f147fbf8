/** EndpointSlices with every field that the controllers of a cluster write. */

/** What a test says of an endpoint; the rest is as of a ready pod. */
export interface PlannedEndpoint {
	readonly address: string;
	/** `null`: the field is absent. */
	readonly ready?: boolean | null;
	readonly serving?: boolean;
	readonly terminating?: boolean;
	readonly zone?: string;
	readonly pod?: string;
	readonly node?: string;
}

export interface PlannedSlice {
	readonly name: string;
	readonly service: string;
	readonly namespace?: string;
	readonly addressType?: 'IPv4' | 'IPv6' | 'FQDN';
	/** `null`: as of a Service without pods. */
	readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[] | null;
	readonly endpoints: readonly PlannedEndpoint[] | null;
}

export interface SliceObject {
	readonly metadata: Readonly<Record<string, unknown>> & {
		readonly name: string;
		readonly namespace: string;
		readonly resourceVersion?: string;
		readonly labels: Readonly<Record<string, string>>;
	};
	readonly [field: string]: unknown;
}

export function endpointSlice(plan: PlannedSlice): SliceObject {
	const { name, service, namespace = 'shop', addressType = 'IPv4', ports = [{ name: 'http', port: 8080 }] } = plan;
	return {
		metadata: {
			name,
			generateName: `${service}-`,
			namespace,
			uid: '0f6f8c1a-63c4-4b8e-9f57-1c2d3e4f5a6b',
			generation: 7,
			creationTimestamp: '2026-01-01T00:00:00Z',
			labels: {
				app: service,
				'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
				'kubernetes.io/service-name': service,
			},
			annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
			ownerReferences: [
				{
					apiVersion: 'v1',
					kind: 'Service',
					name: service,
					uid: '8d0c1a8e-2f43-4c1b-8d8a-5a6b7c8d9e0f',
					controller: true,
					blockOwnerDeletion: true,
				},
			],
			managedFields: [
				{
					manager: 'kube-controller-manager',
					operation: 'Update',
					apiVersion: 'discovery.k8s.io/v1',
					time: '2026-01-01T00:00:00Z',
					fieldsType: 'FieldsV1',
					fieldsV1: {
						'f:addressType': {},
						'f:endpoints': {},
						'f:metadata': { 'f:labels': { '.': {}, 'f:kubernetes.io/service-name': {} }, 'f:generateName': {} },
						'f:ports': {},
					},
				},
			],
		},
		addressType,
		endpoints: plan.endpoints === null ? null : plan.endpoints.map((endpoint) => endpointObject(endpoint, namespace)),
		ports:
			ports === null
				? null
				: ports.map(({ name: port = '', protocol = 'TCP', ...rest }) => ({ name: port, ...rest, protocol })),
	};
}

function endpointObject(endpoint: PlannedEndpoint, namespace: string): Record<string, unknown> {
	const { address, ready = true, serving = ready ?? true, terminating = false, zone, pod, node } = endpoint;
	return {
		addresses: [address],
		conditions: ready === null ? {} : { ready, serving, terminating },
		...(node === undefined ? null : { nodeName: node }),
		...(pod === undefined
			? null
			: { targetRef: { kind: 'Pod', namespace, name: pod, uid: '36b1c2d3-0000-4000-8000-000000000000' } }),
		...(zone === undefined ? null : { zone, hints: { forZones: [{ name: zone }] } }),
	};
}
