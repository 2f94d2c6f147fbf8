/** Whether services that a request is mirrored to got their copy of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.ts';
import type { Cluster } from './cluster.ts';
import type { EchoPod } from './echo-origin.ts';
import type { ConformanceTest, Expectation, ManifestMirror } from './suite.ts';

/** Copies are sent beside the request, so they may come later: until none has come for so long. */
const QUIET_MS = 100;

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
			try {
				await waitFor(`a copy of ${path} at ${service}`, () => copies(pods, path) > 0);
			} catch {
				return `\`${service}\` got no copy`;
			}
		}
		return '';
	}

	/** Copies that each service got. */
	async counts(path: string): Promise<ReadonlyMap<string, number>> {
		const count = (): number[] => this.#watched.map(({ pods }) => copies(pods, path));
		let counts = count();
		for (let before = ''; before !== counts.join(); counts = count()) {
			before = counts.join();
			await delay(QUIET_MS);
		}
		return new Map(this.#watched.map(({ service }, index) => [service, counts[index] ?? 0]));
	}
}

/** The part of the requests to a path that a route mirrors to a service. */
export function mirrorShare(test: ConformanceTest, service: string, path: string): number {
	for (const { spec } of Object.values(test.manifest_docs).flat()) {
		for (const { matches = [], filters = [] } of spec?.rules ?? []) {
			if (matches.length > 0 && !matches.some((match) => path.startsWith(match.path?.value ?? '/'))) continue;
			const mirror = filters.find(({ requestMirror }) => requestMirror?.backendRef.name === service)?.requestMirror;
			if (mirror !== undefined) return shareOf(mirror);
		}
	}
	return 1;
}

function shareOf({ percent, fraction }: ManifestMirror): number {
	if (fraction !== undefined) return fraction.numerator / (fraction.denominator ?? 100);
	return percent === undefined ? 1 : percent / 100;
}

function copies(pods: Watched['pods'], path: string): number {
	let count = 0;
	for (const { pod, before } of pods) count += pod.received.slice(before).filter((echo) => echo.path === path).length;
	return count;
}

function isIn(pod: EchoPod, namespace: string | undefined): boolean {
	return namespace === undefined || pod.namespace === namespace;
}
