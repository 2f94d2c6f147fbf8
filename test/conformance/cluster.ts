/** The suite's cluster in this process: the pods of its deployments, and which of them a service selects. */
import { ConformancePki } from './conformance-pki.ts';
import { EchoPod } from './echo-origin.ts';
import type { ConformanceSuite, Manifest } from './suite.ts';

/** Deployments that are no echo server of HTTP. */
const OTHER_SERVERS = /^(tcp-backend|coredns)/;
/** Of an echo server that speaks TLS. */
const TLS_SETTING = 'TLS_SERVER_CERT';

interface Placed {
	readonly pod: EchoPod;
	readonly labels: Readonly<Record<string, string>>;
}

export class Cluster {
	/** Stands for the app behind the sidecar: no test expects an answer of it. */
	readonly app = new EchoPod('app', 'app');
	readonly pki: ConformancePki;
	readonly #pods: readonly Placed[];

	private constructor(pods: readonly Placed[], pki: ConformancePki) {
		this.#pods = pods;
		this.pki = pki;
	}

	static async start(suite: ConformanceSuite): Promise<Cluster> {
		const deployments = [...suite.base_manifests, ...suite.mesh_manifests].filter(isEchoDeployment);
		const pki = new ConformancePki();
		const cluster = new Cluster(
			deployments.flatMap((deployment) => podsOf(deployment, pki)),
			pki,
		);
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
		this.pki.remove();
		await Promise.all([this.app, ...this.pods].map((pod) => pod.stop()));
	}
}

function isEchoDeployment({ kind, metadata }: Manifest): boolean {
	return kind === 'Deployment' && !OTHER_SERVERS.test(metadata.name);
}

function podsOf({ metadata, spec }: Manifest, pki: ConformancePki): Placed[] {
	const labels = spec?.template?.metadata.labels ?? {};
	const settings = spec?.template?.spec.containers.flatMap(({ env }) => env ?? []) ?? [];
	const identity = settings.some(({ name }) => name === TLS_SETTING) ? pki.backend : null;
	return Array.from({ length: spec?.replicas ?? 1 }, (_, index) => ({
		pod: new EchoPod(`${metadata.name}-${index}`, metadata.namespace ?? 'default', identity),
		labels,
	}));
}
