/** Sends the request of a case with `node:http`, as it stands: own Host, no redirect followed. */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Answer } from './compare.ts';
import type { Echo } from './echo-origin.ts';

/** The suite's limit of one request. */
const TIMEOUT_MS = 10_000;

export interface Sent {
	readonly port: number;
	readonly method: string;
	readonly host: string;
	/** With its query. */
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string | Buffer | null;
	/** `false`: a connection of its own, closed after it. */
	readonly agent: Agent | false;
	/** `null`: plaintext. */
	readonly tls: { readonly servername: string; readonly ca: string } | null;
}

export async function roundTrip({ port, method, host, path, headers, body, agent, tls }: Sent): Promise<Answer> {
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, host }, agent };
		const request = tls === null ? httpRequest(options, resolve) : httpsRequest({ ...options, ...tls }, resolve);
		request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
		request.once('error', reject);
		request.end(body ?? undefined);
	});
	const chunks: Buffer[] = [];
	for await (const chunk of response) chunks.push(chunk as Buffer);
	return {
		status: response.statusCode ?? 0,
		headers: joined(response.rawHeaders),
		echo: echoOf(response, Buffer.concat(chunks).toString()),
	};
}

function joined(raw: readonly string[]): Record<string, string> {
	const headers: Record<string, string> = {};
	for (let i = 0; i < raw.length; i += 2) {
		const name = (raw[i] ?? '').toLowerCase();
		const known = headers[name];
		headers[name] = known === undefined ? (raw[i + 1] ?? '') : `${known},${raw[i + 1] ?? ''}`;
	}
	return headers;
}

function echoOf(response: IncomingMessage, body: string): Echo | null {
	if (response.headers['content-type'] !== 'application/json' || !body.startsWith('{')) return null;
	const echo: unknown = JSON.parse(body);
	return typeof echo === 'object' && echo !== null && 'pod' in echo ? (echo as Echo) : null;
}
