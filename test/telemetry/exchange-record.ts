/** A finished exchange as the data path hands it over; tests override what they are about. */
import type { ExchangeRecord } from '../../src/ports/telemetry.ts';

export function exchangeRecord(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
	return {
		series: null,
		route: 'reads',
		side: 'inbound',
		service: 'app',
		method: 'GET',
		scheme: 'http',
		authority: 'orders.shop.svc',
		target: '/orders/7?v=2',
		httpVersion: 11,
		status: 200,
		errorCode: '',
		errorDetail: '',
		flags: '',
		isLocalReply: false,
		requestBytes: 0,
		responseBytes: 120,
		startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
		durationMs: 1.5,
		addedMs: 0.0421,
		requestId: '7f9c2ba4-e88f-427d-96b1-2b7e8b0e3f11',
		traceId: '0af7651916cd43dd8448eb211c80319c',
		spanId: 'b7ad6b7169203331',
		peerAddress: '10.1.2.3',
		clientAddress: '192.0.2.7',
		userAgent: 'curl/8.5',
		isTunnel: false,
		headText: 'GET /orders/7?v=2 HTTP/1.1\r\nHost: orders.shop.svc\r\n\r\n',
		attempts: [
			{
				endpoint: '127.0.0.1:8080',
				isReused: true,
				isHedge: false,
				startMs: 0.25,
				connectMs: 0,
				firstByteMs: 1.25,
				outcome: 'ok',
				status: 200,
				durationMs: 1.5,
				backoffMs: 0,
			},
		],
		...overrides,
	};
}
