/** Metrics of TLS: how handshakes end, and how long our own certificate is good. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import type { Side } from '../config/config.ts';
import type { HandshakeRecorder, HandshakeResult } from '../ports/handshake.ts';

const MILLIS_PER_SECOND = 1000;

export class TlsMetrics implements HandshakeRecorder {
	/** Who this workload is; `''`: it has no certificate, or one that names no id. */
	ownId = '';
	private readonly handshakes: Counter<'side' | 'result'>;
	private readonly plaintext: Counter;
	private readonly expiry: Gauge;

	constructor(registry: Registry) {
		const registers = [registry];
		this.handshakes = new Counter({
			name: 'outrigger_tls_handshakes_total',
			help: 'TLS handshakes by their end: ok, resumed, or what kept the peer from being believed.',
			labelNames: ['side', 'result'],
			registers,
		});
		this.plaintext = new Counter({
			name: 'outrigger_plaintext_connections_total',
			help: 'Inbound connections that a permissive port has taken in plaintext.',
			registers,
		});
		this.expiry = new Gauge({
			name: 'outrigger_certificate_expiry_timestamp_seconds',
			help: 'When the certificate of this workload expires, in seconds since the epoch; 0 without one.',
			registers,
		});
	}

	handshook(side: Side, result: HandshakeResult): void {
		this.handshakes.inc({ side, result });
	}

	/** Once a connection, not a request. */
	tookPlaintext(): void {
		this.plaintext.inc();
	}

	/** `at`: epoch milliseconds. `id`: SPIFFE id of the certificate. */
	expires(at: number, id: string): void {
		this.ownId = id;
		this.expiry.set(at / MILLIS_PER_SECOND);
	}
}
