/** Runs a test of the suite: a sidecar for each gateway that it talks to, and its cases against that. */
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { RunningSidecar } from '../proxy/running.ts';
import type { Cluster } from './cluster.ts';
import { type Answer, type Asked, differenceOf, grpcDifference } from './compare.ts';
import { AT_ONCE, isWithinShare, REQUESTS, ROUNDS, weightsDifference } from './distribution.ts';
import { gatewayOf, MESH_NAMESPACE, routeFileOf, type Stand } from './manifests.ts';
import { MirrorWatch, mirrorShare } from './mirror-watch.ts';
import { authorityOf, requestOf } from './request-of.ts';
import { roundTrip, type Sent } from './round-trip.ts';
import { type ConformanceCase, type ConformanceSuite, type ConformanceTest, isMesh } from './suite.ts';

export interface CaseResult {
	readonly id: string;
	/** `''`: passed. */
	readonly difference: string;
}

export interface Surroundings {
	readonly suite: ConformanceSuite;
	readonly cluster: Cluster;
}

/** The suite wants as many passes in a row, and looks again for 30 s until it has them: so retry budgets fill up again. */
const PASSES_IN_A_ROW = 3;
const POLL_MS = 200;
/** Whom the client of the mesh asks when a case does not say. */
const MESH_HOST = 'echo';

/** `attempts`: how often a case may be tried until it passes as often as it must. */
export async function runTest(
	test: ConformanceTest,
	cases: readonly ConformanceCase[],
	around: Surroundings,
	attempts: number,
): Promise<CaseResult[]> {
	const byStand = new Map<string, { stand: Stand; cases: ConformanceCase[] }>();
	// Many failures spend retry budgets and open circuit breakers, so each case that wants them has a sidecar to itself.
	const isApart = JSON.stringify(test.manifest_docs).includes('"retry":');
	for (const one of cases) {
		const stand = standOf(test, one);
		const key = isApart ? one.id : `${stand.namespace}/${stand.gateway}`;
		const known = byStand.get(key);
		if (known === undefined) byStand.set(key, { stand, cases: [one] });
		else known.cases.push(one);
	}
	const results: CaseResult[] = [];
	for (const { stand, cases } of byStand.values()) {
		const sidecar = await RunningSidecar.start(routeFileOf(test, stand, around.suite, around.cluster));
		try {
			const run = new StandRun(test, stand, around, sidecar);
			for (const one of cases) results.push({ id: one.id, difference: await run.differenceOf(one, attempts) });
		} finally {
			await sidecar.stop();
		}
	}
	return results;
}

function standOf(test: ConformanceTest, { target }: ConformanceCase): Stand {
	if (isMesh(test)) return { gateway: '', namespace: MESH_NAMESPACE };
	if (target !== undefined) return target;
	const documents = Object.values(test.manifest_docs).flat();
	const gateway = documents.find(({ kind }) => kind === 'Gateway');
	if (gateway === undefined) throw new Error(`${test.short_name} does not say to which gateway it talks`);
	return { gateway: gateway.metadata.name, namespace: gateway.metadata.namespace ?? 'default' };
}

/** The cases that talk to one sidecar. */
class StandRun {
	readonly #test: ConformanceTest;
	readonly #stand: Stand;
	readonly #around: Surroundings;
	readonly #sidecar: RunningSidecar;

	constructor(test: ConformanceTest, stand: Stand, around: Surroundings, sidecar: RunningSidecar) {
		this.#test = test;
		this.#stand = stand;
		this.#around = around;
		this.#sidecar = sidecar;
	}

	async differenceOf(one: ConformanceCase, attempts: number): Promise<string> {
		const { expected_weights: weights } = one;
		if (weights !== undefined)
			return this.#bestRound(attempts, async () => weightsDifference(weights, await this.#podsOfRound(one)));
		if (this.#isMirroredInPart(one)) return this.#bestRound(attempts, () => this.#mirrorRound(one));
		let difference = '';
		let passes = 0;
		for (let attempt = 0; attempt < attempts && passes < PASSES_IN_A_ROW; attempt++) {
			const latest = await this.#once(this.#filled(one));
			passes = latest === '' ? passes + 1 : 0;
			if (latest === '') continue;
			difference = latest;
			await delay(POLL_MS);
		}
		return passes < PASSES_IN_A_ROW ? difference : '';
	}

	async #once(one: ConformanceCase): Promise<string> {
		const expect = one.expect ?? {};
		const sent = this.#sentFor(one, false);
		const mirrors = new MirrorWatch(expect.mirrored_to ?? [], this.#around.cluster);
		let answer: Answer;
		try {
			answer = await roundTrip(sent);
		} catch (error) {
			// A connection that is cut is a failure as well.
			return expect.must_not_be_status === undefined ? String(error) : '';
		}
		const asked: Asked = {
			scheme: one.tls === true ? 'https' : 'http',
			host: sent.host,
			path: sent.path,
			isMesh: isMesh(this.#test),
		};
		const difference =
			one.proto === 'grpc' ? grpcDifference(expect, asked, answer) : differenceOf(expect, asked, answer);
		return difference === '' ? mirrors.differenceFor(sent.path) : difference;
	}

	async #bestRound(attempts: number, round: () => Promise<string>): Promise<string> {
		let difference = '';
		for (let i = 0; i < Math.min(ROUNDS, attempts); i++) {
			difference = await round();
			if (difference === '') return '';
		}
		return difference;
	}

	#isMirroredInPart({ request, expect }: ConformanceCase): boolean {
		const path = request?.path ?? '/';
		return (expect?.mirrored_to ?? []).some(({ name }) => mirrorShare(this.#test, name, path) < 1);
	}

	async #mirrorRound(one: ConformanceCase): Promise<string> {
		const watch = new MirrorWatch(one.expect?.mirrored_to ?? [], this.#around.cluster);
		await this.#podsOfRound(one);
		const path = one.request?.path ?? '/';
		for (const [service, count] of await watch.counts(path)) {
			const share = mirrorShare(this.#test, service, path);
			if (!isWithinShare(count, REQUESTS, share))
				return `\`${service}\` got ${count} copies of ${REQUESTS}, not ${share}`;
		}
		return '';
	}

	/** Who answered each request. */
	async #podsOfRound(one: ConformanceCase): Promise<string[]> {
		const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
		const sent = this.#sentFor(this.#filled(one), agent);
		const pods: string[] = [];
		const sendShare = async (): Promise<void> => {
			for (let i = 0; i < REQUESTS / AT_ONCE; i++) {
				const { status, echo } = await roundTrip(sent);
				pods.push(echo?.pod ?? `HTTP ${status}`);
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, sendShare));
		agent.destroy();
		return pods;
	}

	#sentFor(one: ConformanceCase, agent: Agent | false): Sent {
		const { port, outboundPort } = this.#sidecar;
		const sent = requestOf(one, this.#hostFor(one));
		const servername = one.request?.tls_server_name ?? sent.host;
		const tls = one.tls === true ? { servername, ca: this.#around.cluster.pki.gatewayBundle } : null;
		return { ...sent, port: isMesh(this.#test) ? outboundPort : port, agent, tls };
	}

	#hostFor({ target }: ConformanceCase): string {
		if (isMesh(this.#test)) return MESH_HOST;
		return authorityOf(gatewayOf(this.#test, this.#stand, this.#around.suite), target?.listeners ?? []);
	}

	/** With a value for each placeholder, a new one where it is to be unique. */
	#filled(one: ConformanceCase): ConformanceCase {
		const { pods } = this.#around.cluster;
		const addressOf = (_: string, name: string): string =>
			`127.0.0.1:${pods.find((pod) => pod.name === `${name}-0`)?.port}`;
		const text = JSON.stringify(one)
			.replaceAll('{UUID}', randomUUID())
			.replaceAll('{GATEWAY_HOST}', this.#hostFor(one))
			.replaceAll(/\{POD_IP_([^}]+)\}:\d+/g, addressOf);
		return JSON.parse(text) as ConformanceCase;
	}
}
