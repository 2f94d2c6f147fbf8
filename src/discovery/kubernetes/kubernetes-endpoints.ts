/** Endpoints of Services of a Kubernetes cluster, for as many services of the route file as name one. */
import type { EndpointConfig, EndpointSource } from '../../config/service-config.ts';
import type { EndpointSink, EndpointWatch } from '../../ports/endpoint-source.ts';
import type { Log } from '../../ports/log.ts';
import { ApiClient } from './api-client.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { NamespaceWatch, type WatchContext } from './namespace-watch.ts';
import { DEFAULT_PACE, type Pace, thrown } from './outcome.ts';
import { isServiceName } from './selection.ts';
import type { Slice } from './slice.ts';
import { endpointsOf, isSame } from './slice-endpoints.ts';
import type { SliceListener } from './slice-store.ts';

export type KubernetesSource = Extract<EndpointSource, { readonly is: 'kubernetes' }>;

export interface KubernetesOptions extends Omit<WatchContext, 'client' | 'pace'> {
	/** `null`: we are in no cluster. */
	readonly access: ClusterAccess | null;
	readonly log: Log;
	readonly pace?: Pace;
}

/** One a process: what watches the same namespace shares a connection. */
export class KubernetesEndpoints {
	private readonly options: KubernetesOptions;
	private readonly client: ApiClient | null;
	private readonly namespaces = new Map<string, NamespaceWatch>();

	/** Opens nothing and loads nothing. */
	constructor(options: KubernetesOptions) {
		this.options = options;
		this.client = options.access === null ? null : new ApiClient(options.access, options.clock);
	}

	/** `namespace` `''`: the pod's own. For a subset, the Service that stands for it is given as `service`. */
	watch(source: KubernetesSource): EndpointWatch {
		return new ServiceWatch(source, this, this.options);
	}

	/** The last thing: every connection is cut. */
	stop(): void {
		for (const watch of this.namespaces.values()) watch.stop();
		this.namespaces.clear();
		this.client?.close();
	}

	/** Rejects when the namespace is not known. */
	namespaceOf({ namespace }: KubernetesSource): Promise<string> | string {
		if (this.client === null) {
			throw new Error('this is no pod of a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set)');
		}
		return namespace === '' ? this.client.account.namespace() : namespace;
	}

	join(namespace: string, listener: SliceListener): void {
		if (this.client === null) return;
		let watch = this.namespaces.get(namespace);
		if (watch === undefined) {
			watch = new NamespaceWatch(namespace, {
				...this.options,
				client: this.client,
				pace: this.options.pace ?? DEFAULT_PACE,
			});
			this.namespaces.set(namespace, watch);
			watch.start();
		}
		watch.add(listener);
	}

	leave(namespace: string, listener: SliceListener): void {
		const watch = this.namespaces.get(namespace);
		watch?.remove(listener);
		if (watch?.isIdle !== true) return;
		watch.stop();
		this.namespaces.delete(namespace);
	}
}

/** One service of the route file. */
class ServiceWatch implements EndpointWatch, SliceListener {
	readonly service: string;
	private readonly source: KubernetesSource;
	private readonly owner: KubernetesEndpoints;
	private readonly options: KubernetesOptions;
	private sink: EndpointSink | null = null;
	/** `''`: it has not joined. */
	private namespace = '';
	/** Slices that have not been looked at. */
	private latest: readonly Slice[] | null = null;
	private isWorking = false;
	/** What the sink was last told. */
	private told: readonly EndpointConfig[] | null = null;
	private problem = '';

	constructor(source: KubernetesSource, owner: KubernetesEndpoints, options: KubernetesOptions) {
		this.service = source.service;
		this.source = source;
		this.owner = owner;
		this.options = options;
	}

	start(sink: EndpointSink): void {
		this.sink = sink;
		this.join().catch((error: unknown) => this.onFailure(thrown(error).reason));
	}

	stop(): void {
		this.sink = null;
		if (this.namespace !== '') this.owner.leave(this.namespace, this);
	}

	onFailure(reason: string): void {
		this.sink?.failed(reason);
	}

	onSlices(slices: readonly Slice[]): void {
		this.latest = slices;
		if (this.isWorking) return;
		this.isWorking = true;
		this.work().catch((error: unknown) => this.onFailure(thrown(error).reason));
	}

	private async join(): Promise<void> {
		await this.options.breathe();
		if (!isServiceName(this.service)) throw new Error(`\`${this.service}\` cannot be the name of a Service`);
		const namespace = await this.owner.namespaceOf(this.source);
		if (this.sink === null) return;
		this.namespace = namespace;
		this.owner.join(namespace, this);
	}

	/** In slices, so that a big service does not hold up the event loop; what comes meanwhile is looked at after it. */
	private async work(): Promise<void> {
		const { access, breathe } = this.options;
		try {
			while (this.latest !== null) {
				const slices = this.latest;
				this.latest = null;
				await breathe();
				const { endpoints, problem } = await endpointsOf(slices, this.source.port, access?.family ?? 'IPv4', breathe);
				this.tell(endpoints, problem);
			}
		} finally {
			this.isWorking = false;
		}
	}

	private tell(endpoints: readonly EndpointConfig[], problem: string): void {
		const isNew = problem !== this.problem;
		this.problem = problem;
		if (problem !== '' && endpoints.length === 0) {
			if (isNew) this.onFailure(`Service ${this.namespace}/${this.service}: ${problem}`);
			return;
		}
		const { log } = this.options;
		if (isNew && problem !== '')
			log.warn({ service: this.service, namespace: this.namespace, problem }, 'some endpoints are not used');
		if (this.told !== null && isSame(this.told, endpoints)) return;
		this.told = endpoints;
		this.sink?.update(endpoints);
	}
}
