/** Whether services that a request is mirrored to got their copy of it. */
import { waitFor } from '../support/wait-for.ts';
import type { Cluster } from './cluster.ts';
import type { EchoPod } from './echo-origin.ts';
import type { Expectation } from './suite.ts';

interface Watched {
	readonly service: string;
	readonly pods: readonly { readonly pod: EchoPod; readonly before: number }[];
}

/** Made before the request is sent: what had come by then does not count. */
export class MirrorWatch {
	readonly #watched: readonly Watched[];

	constructor(mirrors: NonNullable<Expectation['mirrored_to']>, cluster: Cluster) {
		this.#watched = mirrors.map(({ name, namespace }) => {
			const pods = cluster.pods.filter((pod) => pod.name.startsWith(`${name}-`) && isIn(pod, namespace));
			return { service: name, pods: pods.map((pod) => ({ pod, before: pod.received.length })) };
		});
	}

	/** `''` once all have theirs. */
	async differenceFor(path: string): Promise<string> {
		for (const { service, pods } of this.#watched) {
			const hasIt = (): boolean =>
				pods.some(({ pod, before }) => pod.received.slice(before).some((echo) => echo.path === path));
			try {
				await waitFor(`a copy of ${path} at ${service}`, hasIt);
			} catch {
				return `\`${service}\` got no copy`;
			}
		}
		return '';
	}
}

function isIn(pod: EchoPod, namespace: string | undefined): boolean {
	return namespace === undefined || pod.namespace === namespace;
}
