import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, ProxyError } from '../../src/error.ts';
import { Framing } from '../../src/http/head.ts';
import {
	isGrpcContentType,
	type LocalReply,
	type LocalReplyOptions,
	localReply,
	settingAt,
	settingOf,
} from '../../src/http/local-reply.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const BRIEF: LocalReplyOptions = { requestId: 'id-1', verbose: false, attempts: [] };
const ATTEMPT = {
	endpoint: '127.0.0.1:8080',
	isReused: true,
	startMs: 0.5,
	connectMs: 0,
	firstByteMs: -1,
	outcome: 'upstream_reset',
	status: 0,
	durationMs: 1.5,
	backoffMs: 12,
};

function reply(code: ErrorCode, options: Partial<LocalReplyOptions> = {}): LocalReply {
	return localReply(new ProxyError(code, 'what was seen'), { ...BRIEF, ...options });
}

function fields({ head }: LocalReply): Record<string, string> {
	const all: Record<string, string> = {};
	for (let i = 0; i < head.headers.added.length; i += 2) {
		all[head.headers.added[i] as string] = head.headers.added[i + 1] as string;
	}
	return all;
}

describe('local reply', () => {
	it.each(CODES)('%s: status, proxy-status and a body that names the code', (code) => {
		const made = reply(code);
		const { status, proxyStatus } = ERROR_CODES[code];
		expect(made.head.status).toBe(status);
		expect(made.head.reason).not.toBe('');
		expect(fields(made)).toMatchObject({
			'proxy-status': `outrigger; error=${proxyStatus}; details="${code}"`,
			'content-type': 'application/json',
			'content-length': String(Buffer.byteLength(made.body)),
			'x-request-id': 'id-1',
		});
		expect([made.head.framing, made.head.contentLength]).toEqual([Framing.length, Buffer.byteLength(made.body)]);
		expect(JSON.parse(made.body)).toEqual({ error: code, requestId: 'id-1' });
	});

	it('closes the connection after what makes it unusable, and only then', () => {
		expect(CODES.filter((code) => !reply(code).head.keepAlive)).toEqual([
			'bad_request',
			'head_timeout',
			'body_too_large',
			'target_too_long',
			'head_too_large',
			'unsupported_coding',
			'unsupported_version',
			'overloaded',
			'draining',
		]);
		const midRequest = new ProxyError('stream_idle', '', { status: 408 });
		expect(localReply(midRequest, BRIEF).head).toMatchObject({ status: 408, keepAlive: false });
	});

	it.each([
		['circuit_open', 0, '1'],
		['circuit_open', 0.2, '1'],
		['circuit_open', 4.001, '5'],
		['rate_limited', 3, '3'],
		['rate_limited', 0, '1'],
		['overloaded', 2, '2'],
		['overloaded', 0, undefined],
		['connect_failed', 0, undefined],
	] as const)('%s with %d s to wait says retry-after: %s', (code, retryAfterSeconds, said) => {
		const made = localReply(new ProxyError(code, '', { retryAfterSeconds }), BRIEF);
		expect(fields(made)['retry-after']).toBe(said);
	});

	it('explains itself when verbose', () => {
		const made = reply('request_timeout', {
			verbose: true,
			attempts: [{ ...ATTEMPT, extra: 'secret' } as typeof ATTEMPT],
		});
		expect(JSON.parse(made.body)).toEqual({
			error: 'request_timeout',
			requestId: 'id-1',
			detail: 'what was seen',
			attempts: [ATTEMPT],
			setting: 'timeouts.request',
		});
	});

	it.each([
		['connect_failed', '', 'app.port'],
		['connect_failed', 'services.payments', 'services.payments.endpoints'],
		['dns_failed', 'services.payments', 'services.payments.endpoints'],
		['loop_detected', 'services.payments', 'services.payments.endpoints'],
		['upstream_protocol_error', 'services.payments', 'services.payments.protocol'],
		['circuit_open', 'services.payments', 'services.payments.circuitBreaker'],
		['attempt_timeout', 'services.payments', 'timeouts.backendRequest'],
		['connect_timeout', 'outbound.unknownHosts', 'outbound.unknownHosts'],
		['loop_detected', 'outbound.unknownHosts', 'outbound.unknownHosts'],
		['upstream_closed', 'outbound.unknownHosts', 'retry'],
	] as const)('knows what rules %s at %s', (code, where, setting) => {
		expect(settingAt(code, where)).toBe(setting);
	});

	it('takes the setting from the exchange when that knows better', () => {
		const made = reply('limit_requests', { verbose: true, setting: 'services.payments.limits.requests' });
		expect(JSON.parse(made.body)).toHaveProperty('setting', 'services.payments.limits.requests');
	});

	it('gives no hint to whoever is not authorized, verbose or not', () => {
		expect(reply('not_authorized', { verbose: true }).body).toBe(reply('not_authorized').body);
		const grpc = reply('not_authorized', { verbose: true, isGrpc: true });
		expect(fields(grpc)['grpc-message']).toBe('not_authorized');
	});

	it('leaves out an id that there is none of', () => {
		expect(fields(reply('bad_request', { requestId: '' }))).not.toHaveProperty('x-request-id');
	});

	it('counts the bytes of the body, not its characters', () => {
		const made = localReply(new ProxyError('bad_request', 'caf\u00e9 \u{1f6f6}'), { ...BRIEF, verbose: true });
		expect(made.head.contentLength).toBe(Buffer.byteLength(made.body));
		expect(made.head.contentLength).toBeGreaterThan(made.body.length);
	});

	it.each([
		[101, undefined],
		[204, undefined],
		// RFC 9110 §15.3.6: a reader would wait for content until the connection closes.
		[205, '0'],
		[304, undefined],
	])('sends no content with an injected %d', (status, length) => {
		const made = localReply(new ProxyError('fault_injected', '', { status }), BRIEF);
		expect(made.body).toBe('');
		expect(made.head).toMatchObject({ status, framing: Framing.none });
		expect(fields(made)['content-length']).toBe(length);
	});
});

describe('local reply to gRPC', () => {
	it.each([
		['bad_request', 400, '13'],
		['fault_injected', 401, '16'],
		['not_authorized', 403, '7'],
		['no_route', 404, '12'],
		['rate_limited', 429, '14'],
		['upstream_protocol_error', 502, '14'],
		['connect_failed', 503, '14'],
		['attempt_timeout', 504, '14'],
		['request_timeout', 504, '4'],
		['client_closed', 499, '1'],
		['no_backend', 500, '2'],
		['loop_detected', 508, '2'],
	] as const)('%s (%d) is grpc-status %s with HTTP 200', (code, status, grpcStatus) => {
		const made = localReply(new ProxyError(code, '', { status }), { ...BRIEF, isGrpc: true });
		expect([made.head.status, made.body, made.head.framing]).toEqual([200, '', Framing.none]);
		expect(fields(made)).toMatchObject({
			'grpc-status': grpcStatus,
			'grpc-message': code,
			'content-type': 'application/grpc',
			'content-length': '0',
			'x-request-id': 'id-1',
		});
	});

	it('percent-encodes the message', () => {
		const error = new ProxyError('connect_failed', '100 % caf\u00e9\n');
		const made = localReply(error, { ...BRIEF, verbose: true, isGrpc: true });
		expect(fields(made)['grpc-message']).toBe('connect_failed: 100 %25 caf%C3%A9%0A');
	});

	it.each([
		['application/grpc', true],
		['application/grpc+proto', true],
		['application/grpc;charset=utf-8', true],
		['application/grpc-web', false],
		['application/grpcx', false],
		['application/json', false],
		[undefined, false],
	])('%s is gRPC: %s', (value, isGrpc) => {
		expect(isGrpcContentType(value)).toBe(isGrpc);
	});
});

describe('docs/errors.md', () => {
	const doc = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
	const rows = doc
		.split('\n')
		.map((line) => line.split('|').map((cell) => cell.trim()))
		.filter((cells) => cells.length === 9 && cells[1]?.startsWith('`'));

	it('has a row for each code, in the order of the source, and no other', () => {
		expect(rows.map((cells) => cells[1])).toEqual(CODES.map((code) => `\`${code}\``));
	});

	it.each(rows.map((cells) => [cells[1] ?? '', cells] as const))(
		'%s tells status, flag, type and setting as they are',
		(name, cells) => {
			const code = name.slice(1, -1) as ErrorCode;
			const facts = ERROR_CODES[code];
			const setting = settingOf(code);
			expect(cells[2]).toMatch(new RegExp(`^${facts.status}\\b`));
			expect(cells[3]).toBe(facts.flag || '–');
			expect(cells[4]).toBe(facts.proxyStatus);
			expect(cells[6]).toBe(setting === '' ? '–' : `\`${setting}\``);
			expect([cells[5], cells[7]]).not.toContain('');
			expect(cells[2]?.includes('retry-after')).toBe('retry-after' in fields(reply(code)));
		},
	);
});
