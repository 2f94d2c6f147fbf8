/** What a rule says by itself, as a response: the counterpart of `local-reply.ts` for answers that are no failures. */
import { Framing, ResponseHead } from './head.ts';
import type { LocalReply } from './local-reply.ts';
import { reasonOf } from './reason.ts';

export interface AnswerFacts {
	readonly made: string;
	readonly status: number;
	readonly headers: readonly { readonly name: string; readonly value: string }[];
	readonly body: string;
}

export function answerReply({ made, status, headers, body }: AnswerFacts, requestId: string): LocalReply {
	const head = new ResponseHead();
	head.status = status;
	head.reason = reasonOf(status);
	head.headers.append('proxy-status', `outrigger; details="${made}"`);
	if (requestId !== '') head.headers.append('x-request-id', requestId);
	for (const { name, value } of headers) head.headers.append(name, value);
	const bytes = new TextEncoder().encode(body).length;
	// RFC 9110 §8.6: a 204 must not have it.
	if (status !== 204 && status !== 304) head.headers.append('content-length', String(bytes));
	head.framing = bytes === 0 ? Framing.none : Framing.length;
	head.contentLength = bytes;
	return { head, body };
}
