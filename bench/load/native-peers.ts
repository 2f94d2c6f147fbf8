/** nginx, HAProxy and Envoy, each with one worker and the settings that its own documentation recommends for proxying. */
import { envoyArgs, envoyVersion, findEnvoy, HOW_TO_GET_ENVOY } from './envoy.ts';
import { versionOutput, which } from './machine.ts';
import { secureEnvoy, secureHaproxy, secureNginx } from './native-secure.ts';
import { nginxConf } from './nginx-conf.ts';
import type { FoundPeer, Peer } from './peer.ts';
import { haproxyConf, nginxProxy, write } from './proxy-conf.ts';

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
		secure: secureNginx(command),
	};
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
		secure: secureHaproxy(command),
	};
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
		secure: secureEnvoy(command),
	} satisfies FoundPeer;
}
