/** The suite's cluster in this process: the pods of its deployments, and which of them a service selects. */
import { EchoPod } from './echo-origin.ts';
import type { ConformanceSuite, Manifest } from './suite.ts';

/** Deployments that are no echo server of HTTP. */
const OTHER_SERVERS = /^(tls-backend|tcp-backend|coredns)/;

interface Placed {
	readonly pod: EchoPod;
	readonly labels: Readonly<Record<string, string>>;
}

export class Cluster {
	/** Stands for the app behind the sidecar: no test expects an answer of it. */
	readonly app = new EchoPod('app', 'app');
	readonly #pods: readonly Placed[];

	private constructor(pods: readonly Placed[]) {
		this.#pods = pods;
	}

	static async start(suite: ConformanceSuite): Promise<Cluster> {
		const deployments = [...suite.base_manifests, ...suite.mesh_manifests].filter(isEchoDeployment);
		const cluster = new Cluster(deployments.flatMap(podsOf));
		await Promise.all([cluster.app, ...cluster.pods].map((pod) => pod.start()));
		return cluster;
	}

	get pods(): readonly EchoPod[] {
		return this.#pods.map(({ pod }) => pod);
	}

	/** Empty for a service without a selector, and for one of pods that are not played here. */
	podsOf(service: Manifest): readonly EchoPod[] {
		const selector = Object.entries(service.spec?.selector ?? {});
		if (selector.length === 0) return [];
		return this.#pods
			.filter(({ pod, labels }) => {
				if (pod.namespace !== service.metadata.namespace) return false;
				return selector.every(([name, value]) => labels[name] === value);
			})
			.map(({ pod }) => pod);
	}

	async stop(): Promise<void> {
		await Promise.all([this.app, ...this.pods].map((pod) => pod.stop()));
	}
}

function isEchoDeployment({ kind, metadata }: Manifest): boolean {
	return kind === 'Deployment' && !OTHER_SERVERS.test(metadata.name);
}

function podsOf({ metadata, spec }: Manifest): Placed[] {
	const labels = spec?.template?.metadata.labels ?? {};
	return Array.from({ length: spec?.replicas ?? 1 }, (_, index) => ({
		pod: new EchoPod(`${metadata.name}-${index}`, metadata.namespace ?? 'default'),
		labels,
	}));
}
