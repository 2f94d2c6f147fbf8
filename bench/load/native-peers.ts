/** nginx, HAProxy and Envoy, each with one worker and the settings that its own documentation recommends for proxying. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOOPBACK } from './endpoint.ts';
import { envoyArgs, envoyVersion, findEnvoy, HOW_TO_GET_ENVOY } from './envoy.ts';
import { versionOutput, which } from './machine.ts';
import { nginxConf } from './nginx-conf.ts';
import type { FoundPeer, Peer, Placement } from './peer.ts';

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
	if (command === null) return { name: 'envoy', howToGet: HOW_TO_GET_ENVOY };
	return {
		name: 'envoy',
		ours: false,
		version: envoyVersion(command),
		setting: '--concurrency 1, circuit breaker limits raised, router dynamic_stats off, request ids on (its default)',
		launch({ port, originPort, folder }) {
			return { command, args: envoyArgs({ port, originPorts: [originPort], folder }) };
		},
	} satisfies FoundPeer;
}

function write(place: Placement, name: string, text: string): string {
	const file = join(place.folder, name);
	writeFileSync(file, text);
	return file;
}
