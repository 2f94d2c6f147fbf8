/** Endpoints of the control servers, and how a request finds its one. Pure. */
import type { ControlHandler, ControlReply, ControlRequest } from '../ports/control.ts';

export interface Endpoint {
	readonly method: 'GET' | 'POST' | 'PUT';
	readonly path: string;
	/** For the page that lists the endpoints. */
	readonly about: string;
	readonly handle: ControlHandler;
}

const STATUS_NOT_FOUND = 404;
const STATUS_METHOD = 405;

export function jsonReply(status: number, value: unknown, headers?: Record<string, string>): ControlReply {
	return {
		status,
		headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
		body: `${JSON.stringify(value, null, '\t')}\n`,
	};
}

/** The same for text that is JSON already, as the peer takes it. */
export function jsonPieces(body: AsyncIterable<string>): ControlReply {
	return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

/** HEAD is answered by the GET endpoint; the server leaves the body out. */
export function dispatch(
	endpoints: readonly Endpoint[],
	request: ControlRequest,
): ControlReply | Promise<ControlReply> {
	const here = endpoints.filter((endpoint) => endpoint.path === request.path);
	if (here.length === 0) return jsonReply(STATUS_NOT_FOUND, { error: 'not_found', path: request.path });
	const method = request.method === 'HEAD' ? 'GET' : request.method;
	const endpoint = here.find((candidate) => candidate.method === method);
	if (endpoint !== undefined) return endpoint.handle(request);
	const allow = here.flatMap(({ method: known }) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).join(', ');
	return jsonReply(STATUS_METHOD, { error: 'method_not_allowed', allow }, { allow });
}
