import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessLog, type AccessLogSettings } from '../../src/telemetry/access-log.ts';
import { exchangeRecord } from './exchange-record.ts';
import { Lines } from './lines.ts';

const SETTINGS: AccessLogSettings = {
	format: 'json',
	when: 'all',
	sample: 0,
	redact: { headers: ['authorization'], query: ['token', 'key', 'password'] },
	configHash: 'abcdef012345',
};

function makeLog(settings: Partial<AccessLogSettings> = {}, random = 0.5) {
	const lines = new Lines();
	const log = new AccessLog({
		workload: { name: 'orders', namespace: 'shop', version: '' },
		settings: { ...SETTINGS, ...settings },
		stream: lines,
		random: { next: () => random, hex: () => '', uuid: () => '' },
	});
	return { lines, log };
}

/** Latin1 text with everything that could break a line: quotes, controls, obs-text. */
const hostile = fc.string({
	unit: fc.oneof(
		fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
		fc.constantFrom('"', '\\', '\n', '\r', '\u001b', '\u009b', '\u2028', '%', '=', '&', '?'),
	),
});

describe('a JSON line', () => {
	it('says everything about the exchange', () => {
		const { lines, log } = makeLog();
		log.write(exchangeRecord({ status: 503, errorCode: 'upstream_reset', errorDetail: 'reset', flags: 'UR,URX' }));
		expect(lines.json()).toEqual([
			{
				time: '2026-01-02T03:04:05.006Z',
				kind: 'access',
				side: 'inbound',
				route: 'reads',
				service: 'app',
				method: 'GET',
				scheme: 'http',
				host: 'orders.shop.svc',
				path: '/orders/7?v=2',
				protocol: 'HTTP/1.1',
				status: 503,
				flags: 'UR,URX',
				code: 'upstream_reset',
				detail: 'reset',
				bytes_in: 0,
				bytes_out: 120,
				duration_ms: 1.5,
				added_ms: 0.042,
				request_id: '7f9c2ba4-e88f-427d-96b1-2b7e8b0e3f11',
				trace_id: '0af7651916cd43dd8448eb211c80319c',
				span_id: 'b7ad6b7169203331',
				peer: '10.1.2.3',
				principal: 'spiffe://mesh.local/ns/shop/sa/web',
				authorization: '',
				client: '192.0.2.7',
				user_agent: 'curl/8.5',
				workload: { name: 'orders', namespace: 'shop', version: '' },
				config: 'abcdef012345',
				attempts: [
					{
						endpoint: '127.0.0.1:8080',
						reused: true,
						hedge: false,
						start_ms: 0.25,
						connect_ms: 0,
						first_byte_ms: 1.25,
						outcome: 'ok',
						status: 200,
						duration_ms: 1.5,
						backoff_ms: 0,
					},
				],
			},
		]);
	});

	it('has exactly the fields that docs/logs.md lists', () => {
		const { lines, log } = makeLog();
		log.write(exchangeRecord());
		const docs = readFileSync(new URL('../../docs/logs.md', import.meta.url), 'utf8');
		const listed = [...docs.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, field]) => field);
		const [line] = lines.json();
		const [attempt] = (line?.['attempts'] ?? []) as Record<string, unknown>[];
		const fields = [...Object.keys(line ?? {}), ...Object.keys(attempt ?? {}).map((field) => `attempts.${field}`)];
		expect(listed.sort()).toEqual(fields.sort());
	});

	it('stays one line of JSON with the same values, whatever a stranger sends', () => {
		fc.assert(
			fc.property(hostile, hostile, hostile, hostile, (userAgent, authority, target, method) => {
				const { lines, log } = makeLog({ redact: { headers: [], query: [] } });
				log.write(exchangeRecord({ userAgent, authority, target: `/${target}`, method, errorDetail: target }));
				expect(lines.text.endsWith('\n')).toBe(true);
				expect(lines.text.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
				expect(lines.json()).toMatchObject([{ user_agent: userAgent, path: `/${target}`, method, detail: target }]);
			}),
		);
	});

	it('never holds figures that JSON does not have', () => {
		const { lines, log } = makeLog();
		log.write(exchangeRecord({ durationMs: Number.NaN, addedMs: Number.POSITIVE_INFINITY }));
		expect(lines.json()).toMatchObject([{ duration_ms: 0, added_ms: 0 }]);
	});

	it('keeps the time of each line right across seconds', () => {
		const { lines, log } = makeLog();
		for (const startedAt of [0, 999, 1000, 61_001, 500]) log.write(exchangeRecord({ startedAt }));
		expect(lines.json().map(({ time }) => time)).toEqual(
			[0, 999, 1000, 61_001, 500].map((millis) => new Date(millis).toISOString()),
		);
	});
});

describe('secrets', () => {
	it.each([
		['/a?token=s3cret&x=1', '/a?token=***&x=1'],
		['/a?TOKEN=s3cret', '/a?TOKEN=***'],
		['/a?%74oken=s3cret', '/a?%74oken=***'],
		['/a?x=1;password=s3cret;y=2', '/a?x=1;password=***;y=2'],
		['/a?token=s3cret=&token=s3cret', '/a?token=***&token=***'],
		['/a?+key=s3cret', '/a?+key=***'],
		['/a?tokens=shown&token', '/a?tokens=shown&token'],
		['/token=shown', '/token=shown'],
		['/a#?token=s3cret', '/a#?token=***'],
		['http://user:s3cret@h/a?key=s3cret', '/a?key=***'],
		['http://user:s3cret@h?key=s3cret', '?key=***'],
		['http://user:s3cret@h', ''],
		['user:s3cret@h:443', ''],
		['*', '*'],
	])('of the target %s are not logged', (target, path) => {
		for (const format of ['json', 'combined'] as const) {
			const { lines, log } = makeLog({ format });
			log.write(exchangeRecord({ target, authority: 'user:s3cret@h' }));
			expect(lines.text).not.toContain('s3cret');
			if (format === 'json') expect(lines.json()).toMatchObject([{ path, host: 'h' }]);
			else expect(lines.text).toContain(`"GET ${path} HTTP/1.1"`);
		}
	});

	it('of the user agent are not logged when the file says so', () => {
		const { lines, log } = makeLog({ redact: { headers: ['User-Agent'], query: [] } });
		log.write(exchangeRecord({ userAgent: 's3cret' }));
		expect(lines.json()).toMatchObject([{ user_agent: '***' }]);
	});
});

describe('a combined line', () => {
	it('is what log readers know', () => {
		const { lines, log } = makeLog({ format: 'combined' });
		log.write(exchangeRecord());
		log.write(exchangeRecord({ responseBytes: 0, userAgent: '', peerAddress: '' }));
		expect(lines.text).toBe(
			'10.1.2.3 - - [02/Jan/2026:03:04:05 +0000] "GET /orders/7?v=2 HTTP/1.1" 200 120 "-" "curl/8.5"\n' +
				'- - - [02/Jan/2026:03:04:05 +0000] "GET /orders/7?v=2 HTTP/1.1" 200 - "-" "-"\n',
		);
	});

	it('has its nine fields on one line, whatever a stranger sends', () => {
		fc.assert(
			fc.property(hostile, hostile, (userAgent, target) => {
				const { lines, log } = makeLog({ format: 'combined' });
				log.write(exchangeRecord({ userAgent, target: `/${target}` }));
				expect(lines.text).toMatch(/^\S+ - - \[[^\]]+\] "[ !#-[\]-~\\]*" \d+ \S+ "-" "[ !#-[\]-~\\]*"\n$/);
			}),
		);
	});
});

describe('which exchanges get a line', () => {
	const outcomes = [
		exchangeRecord({ status: 200 }),
		exchangeRecord({ status: 404 }),
		exchangeRecord({ status: 404, errorCode: 'no_route' }),
		exchangeRecord({ status: 499, errorCode: 'client_closed' }),
		exchangeRecord({ status: 500 }),
	];
	it.each([
		['all', 0, 5],
		['errors', 0, 3],
		['off', 100, 0],
		['errors', 51, 5],
		['errors', 49, 3],
	] as const)('%s with a sample of %d percent', (when, sample, expected) => {
		const { lines, log } = makeLog({ when, sample }, 0.5);
		for (const record of outcomes) log.write(record);
		expect(lines.json()).toHaveLength(expected);
	});

	it('with `errors` what a dry run of authorization would refuse does', () => {
		const { lines, log } = makeLog({ when: 'errors' });
		const by = 'inbound.routes[0].authorization.deny[1]';
		log.write(exchangeRecord({ wouldBeDeniedBy: by }));
		log.write(exchangeRecord({ status: 403, errorCode: 'not_authorized', deniedBy: by }));
		log.write(exchangeRecord({ status: 403, errorCode: 'not_authorized', deniedBy: 'b', wouldBeDeniedBy: 'a' }));
		const told = lines.json().map((line) => (line as { authorization: string }).authorization);
		expect(told).toEqual([`dry-run deny ${by}`, `deny ${by}`, 'dry-run deny a; deny b']);
	});

	it('changes with a reload', () => {
		const { lines, log } = makeLog({ when: 'off' });
		log.write(exchangeRecord());
		log.configure({ ...SETTINGS, configHash: 'next' }, lines);
		log.write(exchangeRecord());
		expect(lines.json()).toMatchObject([{ config: 'next' }]);
	});
});
