/**
 * Sends what the sidecar itself says: local replies (`http/local-reply.ts`) and the answers of rules (`http/answer.ts`),
 * with the manners of the connection they go out on.
 */
import type { ProxyError } from '../error.ts';
import type { Answer } from '../filters/filter.ts';
import { answerResponse } from '../http/answer.ts';
import { FieldId } from '../http/field-id.ts';
import { Framing, type RequestHead, type ResponseHead } from '../http/head.ts';
import { isGrpcContentType, type LocalReply, localReply, settingAt } from '../http/local-reply.ts';
import type { DownstreamStream } from '../ports/stream.ts';
import type { AttemptRecord } from '../ports/telemetry.ts';
import type { Service } from './service.ts';

/** A request body up to this size is read to its end before the answer goes, which saves the connection. */
const WAIT_FOR_BODY_BYTES = 64 * 1024;

interface Asked {
	readonly requestId: string;
	readonly attempts: readonly AttemptRecord[];
	readonly head: RequestHead;
	readonly upstream: Pick<Service, 'settings'> | null;
}

export class LocalAnswer {
	private readonly reply: LocalReply;

	private constructor(reply: LocalReply) {
		this.reply = reply;
	}

	static to(error: ProxyError, asked: Asked, verbose: boolean): LocalAnswer {
		const { requestId, attempts, head, upstream } = asked;
		const setting = error.setting ?? settingAt(error.code, upstream?.settings ?? '');
		// An error of gRPC is a 200, which to CONNECT would say that a tunnel is open.
		const isGrpc = head.method !== 'CONNECT' && isGrpcContentType(head.headers.first(FieldId.contentType));
		return new LocalAnswer(localReply(error, { requestId, verbose, attempts, setting, isGrpc }));
	}

	/** What a rule says by itself. */
	static of(answer: Answer, { requestId }: Asked): LocalAnswer {
		return new LocalAnswer(answerResponse(answer, requestId));
	}

	/** To be edited before it is sent. */
	get head(): ResponseHead {
		return this.reply.head;
	}

	get status(): number {
		return this.reply.head.status;
	}

	/** The rest of the request is short and surely coming: worth waiting for. */
	waitsForRequest(head: RequestHead): boolean {
		if (!this.reply.head.keepAlive || head.expectsContinue) return false;
		return (
			head.framing === Framing.none || (head.framing === Framing.length && head.contentLength <= WAIT_FOR_BODY_BYTES)
		);
	}

	/** Returns the bytes of the body that were sent. */
	sendTo(stream: DownstreamStream, method: string, requestEnded: boolean): number {
		const { head, body } = this.reply;
		// What follows a CONNECT may have been meant for the tunnel.
		if (!requestEnded || method === 'CONNECT') head.keepAlive = false;
		stream.head(head);
		const bytes = method === 'HEAD' || body === '' ? null : Buffer.from(body);
		if (bytes !== null) stream.write(bytes, 0, bytes.length);
		stream.end(null);
		return bytes?.length ?? 0;
	}
}
