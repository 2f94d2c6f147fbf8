/**
 * nginx, HAProxy and Envoy with TLS: P-256, TLS 1.2 and 1.3, callers asked for a certificate, names verified. Sessions are resumed as each
 * does by default.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, ORDERS_DNS } from './bench-certificates.ts';
import { envoyArgs } from './envoy.ts';
import { nginxConf } from './nginx-conf.ts';
import type { FoundPeer, PeerLaunch, SecurePlacement } from './peer.ts';
import { both } from './process-tree.ts';
import { haproxyConf, nginxProxy, write } from './proxy-conf.ts';

type Secure = NonNullable<FoundPeer['secure']>;
/** A proxy of its own ports and folder. */
type Site = Pick<SecurePlacement, 'port' | 'originPort' | 'folder'>;

/** The one that is called, and the one that calls it. */
function pairOf({ port, originPort, innerPort, folder }: SecurePlacement): { called: Site; caller: Site } {
	const inner = join(folder, 'inner');
	mkdirSync(inner, { recursive: true });
	return { called: { port: innerPort, originPort, folder: inner }, caller: { port, originPort: innerPort, folder } };
}

export function secureNginx(command: string): Secure {
	const launch = (site: Site, proxy: string): PeerLaunch => {
		const file = write(site, 'nginx.conf', nginxConf(site.folder, proxy));
		return { command, args: ['-p', site.folder, '-c', file] };
	};
	const listen = ({ certificates: { orders, trustBundle } }: SecurePlacement, verify: string) =>
		` ssl; ssl_certificate ${orders.certificate}; ssl_certificate_key ${orders.key}; ssl_protocols TLSv1.2 TLSv1.3;
		ssl_client_certificate ${trustBundle}; ssl_verify_client ${verify}; ssl_session_cache shared:bench:4m`;
	const proxy = ({ certificates: { web, trustBundle } }: SecurePlacement) =>
		`proxy_ssl_certificate ${web.certificate}; proxy_ssl_certificate_key ${web.key}; proxy_ssl_protocols TLSv1.2 TLSv1.3;
			proxy_ssl_trusted_certificate ${trustBundle}; proxy_ssl_verify on; proxy_ssl_name ${ORDERS_DNS}; proxy_ssl_server_name on;`;
	return {
		tls: (place) => launch(place, nginxProxy(place, { listen: listen(place, 'optional') })),
		pair(place) {
			const { called, caller } = pairOf(place);
			return both(
				launch(called, nginxProxy(called, { listen: listen(place, 'on') })),
				launch(caller, nginxProxy(caller, { scheme: 'https', proxy: proxy(place) })),
			);
		},
	};
}

export function secureHaproxy(command: string): Secure {
	const launch = (site: Site, conf: string): PeerLaunch => {
		return { command, args: ['-db', '-q', '-f', write(site, 'haproxy.cfg', conf)] };
	};
	const bind = ({ certificates: { orders, trustBundle } }: SecurePlacement, verify: string) =>
		` ssl crt ${orders.both} ca-file ${trustBundle} verify ${verify} alpn http/1.1`;
	const server = ({ certificates: { web, trustBundle } }: SecurePlacement) =>
		` ssl crt ${web.both} ca-file ${trustBundle} verify required sni str(${ORDERS_DNS}) verifyhost ${ORDERS_DNS}`;
	return {
		tls: (place) => launch(place, haproxyConf(place, { bind: bind(place, 'optional') })),
		pair(place) {
			const { called, caller } = pairOf(place);
			return both(
				launch(called, haproxyConf(called, { bind: bind(place, 'required') })),
				launch(caller, haproxyConf(caller, { server: server(place) })),
			);
		},
	};
}

const TLS_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3';

function commonTls({ certificate, key }: Identity, trustBundle: string, name?: string): unknown {
	const params = { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' };
	const exact = name === undefined ? [] : [{ san_type: 'URI', matcher: { exact: name } }];
	return {
		tls_params: params,
		tls_certificates: [{ certificate_chain: { filename: certificate }, private_key: { filename: key } }],
		validation_context: { trusted_ca: { filename: trustBundle }, match_typed_subject_alt_names: exact },
	};
}

export function secureEnvoy(command: string): Secure {
	const downstream = ({ certificates: { orders, trustBundle } }: SecurePlacement, isRequired: boolean) => ({
		'@type': `${TLS_TYPE}.DownstreamTlsContext`,
		common_tls_context: commonTls(orders, trustBundle),
		require_client_certificate: isRequired,
	});
	const upstream = ({ certificates: { web, orders, trustBundle } }: SecurePlacement) => ({
		'@type': `${TLS_TYPE}.UpstreamTlsContext`,
		common_tls_context: commonTls(web, trustBundle, orders.id),
		sni: ORDERS_DNS,
	});
	const launch = ({ port, originPort, folder }: Site, tls: { downstreamTls?: unknown; upstreamTls?: unknown }) => ({
		command,
		args: envoyArgs({ port, originPorts: [originPort], folder, ...tls }),
	});
	return {
		tls: (place) => launch(place, { downstreamTls: downstream(place, false) }),
		pair(place) {
			const { called, caller } = pairOf(place);
			return both(
				launch(called, { downstreamTls: downstream(place, true) }),
				launch(caller, { upstreamTls: upstream(place) }),
			);
		},
	};
}
