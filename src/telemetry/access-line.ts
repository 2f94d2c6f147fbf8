/** One line of access log for a finished exchange. Pure; docs/logs.md describes the fields. */

import { type QueryRedactor, withoutUserInfo } from '../http/redact.ts';
import type { AttemptRecord, ExchangeRecord } from '../ports/telemetry.ts';
import { jsonMillis, jsonString, jsonTime } from './json-text.ts';

export type AccessFormat = 'json' | 'combined';

/** Versions as ten times major plus minor, as the access log names them. */
const PROTOCOLS = new Map([
	[10, 'HTTP/1.0'],
	[11, 'HTTP/1.1'],
	[20, 'HTTP/2'],
]);

export interface LineContext {
	readonly redactor: QueryRedactor;
	/** JSON text of the workload, made once: `{"name":…}`. */
	readonly workload: string;
	/** JSON string of the running file's hash. */
	readonly config: string;
	/** `telemetry.redact.headers` names `user-agent`. */
	readonly hidesUserAgent: boolean;
}

const MASK = '***';

export function accessJson(record: ExchangeRecord, context: LineContext): string {
	const path = jsonString(context.redactor.path(record.target));
	const userAgent = context.hidesUserAgent && record.userAgent !== '' ? MASK : record.userAgent;
	return (
		`{"time":${jsonTime(record.startedAt)},"kind":"access","side":"${record.side}","route":${jsonString(record.route)}` +
		`,"service":${jsonString(record.service)}` +
		`,"method":${jsonString(record.method)},"scheme":${jsonString(record.scheme)}` +
		`,"host":${jsonString(withoutUserInfo(record.authority))},"path":${path}` +
		`,"protocol":"${PROTOCOLS.get(record.httpVersion) ?? ''}","status":${record.status}` +
		`,"flags":${jsonString(record.flags)},"code":${jsonString(record.errorCode)}` +
		`,"detail":${jsonString(record.errorDetail)}` +
		`,"bytes_in":${record.requestBytes},"bytes_out":${record.responseBytes}` +
		`,"duration_ms":${jsonMillis(record.durationMs)},"added_ms":${jsonMillis(record.addedMs)}` +
		`,"request_id":${jsonString(record.requestId)},"trace_id":${jsonString(record.traceId)}` +
		`,"span_id":${jsonString(record.spanId)},"peer":${jsonString(record.peerAddress)}` +
		`,"principal":${jsonString(record.principal)},"authorization":${jsonString(authorizationText(record))}` +
		`,"client":${jsonString(record.clientAddress)},"user_agent":${jsonString(userAgent)}` +
		`,"workload":${context.workload},"config":${context.config}` +
		`,"attempts":[${record.attempts.map(attemptJson).join(',')}]}\n`
	);
}

/** What authorization had against the request: who has refused it, who would have, or both. */
function authorizationText({ deniedBy, wouldBeDeniedBy }: ExchangeRecord): string {
	if (deniedBy === '' && wouldBeDeniedBy === '') return '';
	const told = [
		wouldBeDeniedBy === '' ? '' : `dry-run deny ${wouldBeDeniedBy}`,
		deniedBy === '' ? '' : `deny ${deniedBy}`,
	];
	return told.filter((text) => text !== '').join('; ');
}

function attemptJson(attempt: AttemptRecord): string {
	return (
		`{"endpoint":${jsonString(attempt.endpoint)},"reused":${attempt.isReused},"hedge":${attempt.isHedge}` +
		`,"start_ms":${jsonMillis(attempt.startMs)}` +
		`,"connect_ms":${jsonMillis(attempt.connectMs)},"first_byte_ms":${jsonMillis(attempt.firstByteMs)}` +
		`,"outcome":${jsonString(attempt.outcome)},"status":${attempt.status}` +
		`,"duration_ms":${jsonMillis(attempt.durationMs)},"backoff_ms":${jsonMillis(attempt.backoffMs)}}`
	);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The line that web servers' log readers know. We never keep the referer, so its field says none. */
export function accessCombined(record: ExchangeRecord, context: LineContext): string {
	const time = new Date(record.startedAt).toISOString();
	const date = `${time.slice(8, 10)}/${MONTHS[Number(time.slice(5, 7)) - 1]}/${time.slice(0, 4)}:${time.slice(11, 19)} +0000`;
	const protocol = PROTOCOLS.get(record.httpVersion) ?? '';
	const request = quoted(`${record.method} ${context.redactor.path(record.target)} ${protocol}`);
	const userAgent = context.hidesUserAgent ? '' : record.userAgent;
	const bytes = record.responseBytes === 0 ? '-' : String(record.responseBytes);
	return `${record.peerAddress || '-'} - - [${date}] ${request} ${record.status} ${bytes} "-" ${quoted(userAgent)}\n`;
}

/** Printable ASCII without quote and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Quoted as Apache and nginx do it: `\xHH` for what could end the field or the line. */
function quoted(value: string): string {
	if (value === '') return '"-"';
	if (PLAIN.test(value)) return `"${value}"`;
	const safe = value.replace(/["\\\u0000-\u001f\u007f-\u{10ffff}]/gu, (char) =>
		[...Buffer.from(char, char <= '\u00ff' ? 'latin1' : 'utf8')]
			.map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`)
			.join(''),
	);
	return `"${safe}"`;
}
