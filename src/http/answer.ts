/** The one place where the answer of a rule (a redirect, a direct response, …) becomes a response. */
import type { LocalReply } from './local-reply.ts';
import { hasContent, ownHead, setLength } from './own-response.ts';

/** What a filter says is to be answered (`Answer` of `filters/filter.ts`). */
interface MadeAnswer {
	/** What it is: a word, for `proxy-status`. */
	readonly made: string;
	/** From 200 to 599. */
	readonly status: number;
	/** Names and values are valid; none is about framing or the connection. */
	readonly headers: readonly { readonly name: string; readonly value: string }[];
	readonly body: string;
}

/** `proxy-status` has no `error` here: the answer is what the route file asked for (RFC 9209 §2.1.1). */
export function answerResponse(answer: MadeAnswer, requestId: string): LocalReply {
	const head = ownHead(answer.status, `outrigger; details="${answer.made}"`, requestId);
	for (const { name, value } of answer.headers) head.headers.append(name, value);
	const body = hasContent(answer.status) ? answer.body : '';
	setLength(head, body === '' ? 0 : new TextEncoder().encode(body).length);
	return { head, body };
}
