/** Verdicts of the codec on the requests of gunicorn, httpd and http-desync-guardian. */
import { readRequests, readResponses } from '../support/codec-transcript.ts';
import { problemOfForwarding } from '../support/forwarded-form.ts';
import { differences, type ExpectedRequest, judge, refusedWithoutHost } from './compare-requests.ts';
import type { Expected, Judgement } from './judgement.ts';
import { bytesOf, loadSuite } from './load-suite.ts';
import { withHost, withHosts } from './with-host.ts';

export interface GunicornCase {
	id: string;
	bytes_b64: string;
	gunicorn_config?: Record<string, unknown>;
	expect: {
		accept?: true;
		requests?: {
			method: string;
			uri: string;
			headers: [string, string][] /** A string is `''`, or the program that makes the body. */;
			body: { b64: string } | string;
		}[];
	};
}

function bodyOf(body: { b64: string } | string): string | null {
	if (typeof body !== 'string') return bytesOf(body.b64).toString('latin1');
	return body === '' ? '' : null;
}

export function gunicornRequests(one: GunicornCase): ExpectedRequest[] {
	return (one.expect.requests ?? []).map(({ method, uri, headers, body }) => ({
		method,
		target: uri,
		fields: headers,
		body: bodyOf(body),
	}));
}

export function judgeGunicorn(): Judgement[] {
	return loadSuite<GunicornCase>('gunicorn-requests').cases.map((one) => {
		const expected: Expected = one.expect.accept === true ? 'accept' : 'refuse';
		const bytes = bytesOf(one.bytes_b64);
		const wanted = gunicornRequests(one);
		const judged = expected === 'accept' ? withHosts(bytes, wanted) : (withHost(bytes) ?? bytes);
		const transcript = readRequests(judged);
		let problem = withHost(bytes) === null ? '' : refusedWithoutHost(bytes);
		if (expected === 'accept') problem ||= differences(transcript.messages, wanted) || problemOfForwarding(judged);
		return judge('gunicorn-requests', one.id, expected, transcript, problem);
	});
}

export interface HttpdCase {
	id: string;
	kind: 'request' | 'origin-response-header';
	bytes_b64?: string;
	header_line_b64?: string;
	expect: { status?: number; status_ranges?: [number, number][]; dropped_connection?: true };
}

export function httpdExpects(one: HttpdCase): Expected {
	const status = one.expect.status ?? one.expect.status_ranges?.[0]?.[0] ?? 400;
	return status < 400 ? 'accept' : 'refuse';
}

export function judgeHttpd(): Judgement[] {
	return loadSuite<HttpdCase>('httpd-http-strict').cases.map((one) => {
		const expected = httpdExpects(one);
		if (one.kind === 'origin-response-header') {
			const line = bytesOf(one.header_line_b64 ?? '').toString('latin1');
			const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
			return judge('httpd-http-strict', one.id, expected, readResponses(bytes, ['GET'], false), '');
		}
		const bytes = bytesOf(one.bytes_b64 ?? '');
		const transcript = readRequests(bytes);
		return judge('httpd-http-strict', one.id, expected, transcript, problemOfForwarding(bytes));
	});
}

export interface DesyncCase {
	id: string;
	tier: 'Compliant' | 'Acceptable' | 'Ambiguous' | 'Severe';
	with_host_and_body: { bytes_b64: string };
}

const DESYNC_EXPECTS: Record<DesyncCase['tier'], Expected> = {
	Compliant: 'accept',
	Acceptable: 'either',
	Ambiguous: 'either',
	Severe: 'refuse',
};

/** Bodies that were left out of the corpus to keep it small; the head alone is judged then. */
function isHeadOnly(bytes: Buffer): boolean {
	return bytes.toString('latin1').endsWith('\r\n\r\n');
}

export function judgeDesync(): Judgement[] {
	return loadSuite<DesyncCase>('desync-guardian').cases.map((one) => {
		const expected = DESYNC_EXPECTS[one.tier];
		const bytes = bytesOf(one.with_host_and_body.bytes_b64);
		const transcript = readRequests(bytes);
		const heads = transcript.messages.length;
		if (isHeadOnly(bytes) && heads === 1 && transcript.error === null) transcript.state = 'idle';
		const more = heads > 1 ? `read as ${heads} requests` : '';
		return judge('desync-guardian', one.id, expected, transcript, more || problemOfForwarding(bytes));
	});
}
