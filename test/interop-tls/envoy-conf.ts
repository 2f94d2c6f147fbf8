/** Envoy's settings for mutual TLS: listeners that take HTTP, with TLS or without, and clusters that are called by TLS. */
import type { IdentityFiles } from '../support/pki.ts';

const TYPE = 'type.googleapis.com/envoy.extensions';
const TLS = `${TYPE}.transport_sockets.tls.v3`;

// A connection for each request on either side, so that the next one shows whether the session is resumed.

/** What becomes of `x-forwarded-client-cert`; Envoy's own default is `SANITIZE`. */
export type Forwarding = 'SANITIZE' | 'ALWAYS_FORWARD_ONLY' | 'SANITIZE_SET' | 'APPEND_FORWARD';

export interface Trust {
	readonly identity: IdentityFiles;
	/** SPIFFE id that the peer must have. */
	readonly peerId: string;
	/** By Envoy's own validator of SPIFFE ids, in place of a CA file. */
	readonly trustDomain?: string;
	readonly version?: 'TLSv1_2' | 'TLSv1_3';
	readonly alpn?: readonly string[];
}

const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

function commonContext({ identity, peerId, trustDomain, version, alpn = ['http/1.1'] }: Trust): object {
	const bundle = { filename: identity.trustBundle };
	const names = { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peerId } }] };
	const spiffe = {
		name: 'envoy.tls.cert_validator.spiffe',
		typed_config: {
			'@type': `${TLS}.SPIFFECertValidatorConfig`,
			trust_domains: [{ name: trustDomain, trust_bundle: bundle }],
		},
	};
	return {
		alpn_protocols: alpn,
		tls_certificates: [
			{ certificate_chain: { filename: identity.certificate }, private_key: { filename: identity.key } },
		],
		validation_context:
			trustDomain === undefined ? { trusted_ca: bundle, ...names } : { custom_validator_config: spiffe, ...names },
		...(version !== undefined && {
			tls_params: { tls_minimum_protocol_version: version, tls_maximum_protocol_version: version },
		}),
	};
}

export interface ListenerOptions {
	readonly port: number;
	readonly cluster: string;
	readonly forwarding?: Forwarding;
	/** Takes TLS with a client certificate, and nothing else. Default: plaintext. */
	readonly tls?: Trust;
}

export function listener({ port, cluster, forwarding = 'SANITIZE', tls }: ListenerOptions): object {
	const manager = {
		'@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
		stat_prefix: cluster,
		common_http_protocol_options: { max_requests_per_connection: 1 },
		forward_client_cert_details: forwarding,
		set_current_client_cert_details: { subject: true, uri: true, dns: true },
		route_config: {
			virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }],
		},
		http_filters: [
			{
				name: 'envoy.filters.http.router',
				typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` },
			},
		],
	};
	const context = {
		'@type': `${TLS}.DownstreamTlsContext`,
		require_client_certificate: true,
		...(tls !== undefined && { common_tls_context: commonContext(tls) }),
	};
	return {
		name: `listener-${port}`,
		address: address(port),
		filter_chains: [
			{
				filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }],
				...(tls !== undefined && {
					transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context },
				}),
			},
		],
	};
}

export interface ClusterOptions {
	readonly name: string;
	readonly port: number;
	/** Default: plaintext. */
	readonly tls?: Trust;
	readonly sni?: string;
}

export function cluster({ name, port, tls, sni = '' }: ClusterOptions): object {
	const offersHttp2 = tls?.alpn?.includes('h2') ?? false;
	const protocol = offersHttp2
		? { auto_config: { http_protocol_options: {}, http2_protocol_options: {} } }
		: { explicit_http_config: { http_protocol_options: {} } };
	const context = {
		'@type': `${TLS}.UpstreamTlsContext`,
		sni,
		...(tls !== undefined && { common_tls_context: commonContext(tls) }),
	};
	return {
		name,
		type: 'STATIC',
		connect_timeout: '5s',
		load_assignment: {
			cluster_name: name,
			endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
		},
		typed_extension_protocol_options: {
			'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
				'@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
				common_http_protocol_options: { max_requests_per_connection: 1 },
				...protocol,
			},
		},
		...(tls !== undefined && {
			transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context },
		}),
	};
}

/** Text of a configuration file. */
export function envoyConf(listeners: readonly object[], clusters: readonly object[]): string {
	return JSON.stringify({ static_resources: { listeners, clusters } });
}

export const envoyArgs = (file: string): string[] => [
	...['-c', file, '--concurrency', '1'],
	...['--disable-hot-restart', '-l', 'warning'],
];
