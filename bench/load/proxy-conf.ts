/** What nginx and HAProxy are told as proxies, in plaintext or with TLS. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOOPBACK } from './endpoint.ts';
import type { Placement } from './peer.ts';

/** Where it listens, and where it sends. */
export type Ports = Pick<Placement, 'port' | 'originPort'>;

/** An upgrade needs its own Connection field; every other request goes out without one, so that upstream connections live. */
export function nginxProxy({ port, originPort }: Ports, { listen = '', proxy = '', scheme = 'http' } = {}): string {
	return `	map $http_upgrade $connection_field { default upgrade; '' ''; }
	upstream origin { server ${LOOPBACK}:${originPort}; keepalive 256; keepalive_requests 100000000; }
	server {
		listen ${LOOPBACK}:${port} backlog=4096${listen};
		location / {
			${proxy}
			proxy_pass ${scheme}://origin; proxy_http_version 1.1; proxy_request_buffering off; proxy_max_temp_file_size 0;
			proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_field;
			proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		}
	}`;
}

export function haproxyConf({ port, originPort }: Ports, { bind = '', server = '' } = {}): string {
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
  bind ${LOOPBACK}:${port} backlog 4096${bind}
  default_backend b
backend b
  server o ${LOOPBACK}:${originPort}${server}
`;
}

export function write(place: { readonly folder: string }, name: string, text: string): string {
	const file = join(place.folder, name);
	writeFileSync(file, text);
	return file;
}
