/** Request heads that a sidecar has seen: as they may be told, and what happens to them under the rules in force. */
import type { HeaderValue } from '../config/config.ts';
import { ProxyError } from '../error.ts';
import { type AskedRequest, headOfText, type WayIn, wayIn } from './asked-request.ts';
import type { Explainer, Fate } from './explain.ts';
import type { Redaction } from './redaction.ts';

/** A head as it came in. */
export interface ReceivedHead extends WayIn {
	/** Start line, fields and the empty line, one character a byte. */
	readonly text: string;
	/** Name of the rule that it went by; `''`: none. */
	readonly route: string;
	/** What was answered. */
	readonly status: number;
}

/** What `/recent` shows of one. */
export interface RecordedRequest extends AskedRequest {
	readonly route: string;
	readonly status: number;
}

/** What becomes of a recorded request under the file in force. */
export interface RecordedFate {
	readonly request: AskedRequest;
	readonly fate: Fate;
}

/** Without the values that `telemetry.redact` hides; `null` when it was malformed. */
export function recordedRequest(received: ReceivedHead, redaction: Redaction): RecordedRequest | null {
	const asked = maskedRequest(received, redaction);
	return asked === null ? null : { ...asked, route: received.route, status: received.status };
}

/** Judged by the real head, told by the masked one. */
export function recordedFate(received: ReceivedHead, redaction: Redaction, explainer: Explainer): RecordedFate | null {
	const request = maskedRequest(received, redaction);
	return request === null ? null : { request, fate: explainer.evaluateText(received, received.text).fate };
}

function maskedRequest({ side, service = '', text }: ReceivedHead, redaction: Redaction): AskedRequest | null {
	const head = headOfText(text);
	if (head instanceof ProxyError) return null;
	const headers: HeaderValue[] = [];
	head.headers.forEach((name, value) => {
		const lower = name.toLowerCase();
		if (lower !== 'host') headers.push(redaction.header({ name: lower, value }));
	});
	const path = redaction.path(head.path + head.query);
	return { ...wayIn(side, service), method: head.method, host: head.authority, path, headers };
}
