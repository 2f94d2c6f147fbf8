/**
 * Clients in a closed loop on keep-alive connections, who look at each answer for the version of the route file that it
 * was routed by: what the app was told (the body) and what the sidecar added (`x-version`) must be one and the same.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface VersionLoadOptions {
	readonly port: number;
	readonly clients: number;
	/** Milliseconds between an answer and the next request of a client. Default: none. */
	readonly thinkMs?: number;
}

export class VersionLoad {
	answers = 0;
	/** Answers other than 200, and requests that broke. */
	failed = 0;
	/** Answers in which the two versions differ. */
	mixed = 0;
	readonly versions = new Set<string>();
	readonly failures = new Map<string, number>();
	private connections = 0;
	private readonly clients: number;
	private isStopped = false;
	private readonly agents: Agent[] = [];
	private readonly running: Promise<void>[] = [];

	constructor({ port, clients, thinkMs = 0 }: VersionLoadOptions) {
		this.clients = clients;
		for (let i = 0; i < clients; i++) {
			const agent = new Agent({ keepAlive: true, maxSockets: 1 });
			this.agents.push(agent);
			this.running.push(this.client(port, agent, thinkMs));
		}
	}

	/** Connections that ended before their client did. */
	get dropped(): number {
		return Math.max(0, this.connections - this.clients);
	}

	private async client(port: number, agent: Agent, thinkMs: number): Promise<void> {
		while (!this.isStopped) {
			try {
				await this.once(port, agent);
				if (thinkMs > 0) await sleep(thinkMs);
			} catch (error) {
				this.fail(error instanceof Error ? error.message : String(error));
			}
		}
	}

	private fail(why: string): void {
		this.failed++;
		this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
	}

	private once(port: number, agent: Agent): Promise<void> {
		return new Promise((resolve, reject) => {
			const asked = request({ port, host: '127.0.0.1', agent, path: '/' }, (response) => {
				let body = '';
				response.setEncoding('latin1');
				response.on('data', (piece: string) => {
					body += piece;
				});
				response.on('error', reject);
				response.on('end', () => {
					this.answers++;
					const version = String(response.headers['x-version'] ?? '');
					this.versions.add(version);
					if (response.statusCode !== 200) this.fail(`status ${response.statusCode}`);
					else if (body !== version) this.mixed++;
					resolve();
				});
			});
			asked.on('socket', (socket) => {
				if (!asked.reusedSocket && socket.connecting) this.connections++;
			});
			asked.on('error', reject);
			asked.end();
		});
	}

	async stop(): Promise<void> {
		this.isStopped = true;
		await Promise.all(this.running);
		for (const agent of this.agents) agent.destroy();
	}
}
