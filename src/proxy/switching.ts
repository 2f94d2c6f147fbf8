/** Whether a 101 may turn the connection into a tunnel (RFC 9110 §15.2.2, §7.8). */
import { ProxyError } from '../error.ts';
import type { RequestHead } from '../http/head.ts';

/** What is wrong with a 101 to this request, or `null`. */
export function refuseSwitch(request: RequestHead, requestEnded: boolean): ProxyError | null {
	if (request.upgrade === '') return bad('101 Switching Protocols to a request that asked for no upgrade');
	// The rest of the body would be read as the new protocol by one side and as HTTP by the other.
	if (!requestEnded) return bad('101 Switching Protocols before the end of the request');
	return null;
}

function bad(detail: string): ProxyError {
	return new ProxyError('upstream_protocol_error', detail);
}
