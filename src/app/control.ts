/** The servers of the control side: admin, and probes where the file asks for them. */
import { type AdminProviders, AdminServer } from '../admin/admin-server.ts';
import type { Endpoint } from '../admin/endpoint.ts';
import { ProbesServer } from '../admin/probes-server.ts';
import type { Config } from '../config/config.ts';
import type { BoundAddress, ControlServer } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import { bind } from './bind.ts';

export class Control {
	admin: BoundAddress | null = null;
	probes: BoundAddress | null = null;
	private readonly servers: ControlServer[] = [];
	private readonly config: Config;
	private readonly providers: AdminProviders;
	private readonly endpoints: readonly Endpoint[];
	private readonly log: Log;

	/** `endpoints`: further ones of the admin port. */
	constructor(config: Config, providers: AdminProviders, endpoints: readonly Endpoint[], log: Log) {
		this.config = config;
		this.providers = providers;
		this.endpoints = endpoints;
		this.log = log;
	}

	/** Rejects with a `BindError`. */
	async start(): Promise<void> {
		const { providers, endpoints, log } = this;
		const { admin, probes } = this.config;
		this.admin = await this.serve(
			'admin.listen',
			admin.listen,
			new AdminServer({ ...admin, providers, endpoints, log }),
		);
		if (probes === undefined) return;
		this.probes = await this.serve('probes.listen', probes.listen, new ProbesServer({ ...probes, providers, log }));
	}

	private serve(key: string, listen: Config['admin']['listen'], server: ControlServer): Promise<BoundAddress> {
		this.servers.push(server);
		return bind(key, listen, () => server.start());
	}

	async stop(): Promise<void> {
		await Promise.all(this.servers.map((server) => server.stop()));
	}
}
