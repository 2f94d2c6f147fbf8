/** The Workload API as a source of certificates, its agent, and what it is heard to say: time stands still but for the test. */
import type { MaterialSink } from '../../src/identity/certificate-files.ts';
import type { Material } from '../../src/identity/material.ts';
import { WorkloadApi } from '../../src/identity/workload-api.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { testPki, WEB } from '../support/pki.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerFor, WorkloadAgent } from '../support/workload-agent.ts';

export class Sink implements MaterialSink {
	readonly heard: string[] = [];
	material: Material | null = null;

	onMaterial(material: Material): void {
		this.material = material;
		this.heard.push(`material ${material.id}`);
	}

	onFault(reason: string): void {
		this.heard.push(`fault ${reason}`);
	}

	onWell(): void {
		this.heard.push('well');
	}

	onWithdrawn(reason: string): void {
		this.material = null;
		this.heard.push(`withdrawn ${reason}`);
	}

	onLooseKey(): void {
		throw new Error('there is no file');
	}
}

export class SourceFixture {
	readonly clock = new ManualClock();
	readonly timers = new ManualTimers(this.clock);
	readonly sink = new Sink();
	readonly agent = new WorkloadAgent();
	private readonly sources: WorkloadApi[] = [];

	make(socket = this.agent.socket): WorkloadApi {
		const { timers, clock, sink } = this;
		const source = new WorkloadApi({ socket, timers, clock, random: new SeededRandom(1), sink });
		this.sources.push(source);
		return source;
	}

	/** A source that has what the agent gives. */
	async started(): Promise<void> {
		this.agent.give(answerFor(testPki(), WEB));
		await this.agent.start();
		const fault = await this.make().start();
		if (fault !== '') throw new Error(fault);
	}

	get source(): WorkloadApi {
		const source = this.sources.at(-1);
		if (source === undefined) throw new Error('no source has been made');
		return source;
	}

	/** As `/certs` shows it. */
	get described(): Record<string, unknown> {
		return (this.source.describe() as { workloadApi: Record<string, unknown> }).workloadApi;
	}

	/** As a reason has it. */
	told(reason: string): string {
		return `SPIFFE Workload API at ${this.agent.socket}: ${reason}`;
	}

	waitForState(state: string): Promise<void> {
		return waitFor(`the state ${state}`, () => this.described['state'] === state);
	}

	waitForHeard(count: number): Promise<void> {
		return waitFor(`${count} calls of the sink`, () => this.sink.heard.length >= count);
	}

	stop(): void {
		for (const source of this.sources) source.stop();
		this.agent.remove();
		if (this.timers.size > 0) throw new Error('a timer is armed still');
	}
}
