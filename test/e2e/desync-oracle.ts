/**
 * The oracle for anything that may be a smuggling attempt. A recording origin stands behind the sidecar; the bytes go
 * through it on a fresh connection, then a marker request on the same connection, then another client on a connection of
 * its own that uses the same pool. Then four things must hold:
 *
 * A. the origin never sees more requests than the client sent;
 * B. nothing that the origin sees can be read in two ways;
 * C. after a refusal the connection is closed and the marker is not answered; otherwise answers come in order;
 * D. the second client gets its own answer.
 */
import { RawClient } from '../support/raw-client.ts';
import { echo, type RecordingOrigin } from '../support/recording-origin.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { waitFor } from '../support/wait-for.ts';
import { splitResponses, type WireMessage } from '../support/wire-message.ts';

/** Long enough for a local answer, short enough for the cases that wait for bytes which never come. */
const QUIET_MS = 300;

export interface OracleResult {
	/** Status of the first answer; 0 when none came. */
	status: number;
	/** What the origin saw of this case, markers and the second client left out. */
	forwarded: WireMessage[];
	/** What is wrong; empty when all four hold. */
	problems: string[];
}

/** For each request its own answer, whatever came before on the connection. */
export const ORACLE_SCRIPT = {
	onRequest(request: WireMessage, connection: { send(data: string): void }): void {
		connection.send(echo(request));
	},
};

const isProbe = (request: WireMessage): boolean => /^\/(marker|other)-/.test(request.target);

export async function runOracle(
	sidecar: Sidecar,
	origin: RecordingOrigin,
	id: number,
	bytes: Buffer,
	/** How many requests an honest reader finds in the bytes, at most. */
	sent: number,
): Promise<OracleResult> {
	const seenBefore = origin.requests.length;
	const odditiesBefore = origin.oddities.length;
	const problems: string[] = [];
	const marker = `/marker-${id}`;
	const client = await RawClient.connect(sidecar.port);
	await client.send(bytes);
	await client.send(`GET ${marker} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	const hasAnswered = (): boolean => client.isEnded || client.received.includes(`GET ${marker}`);
	await waitFor('an answer', hasAnswered, QUIET_MS).catch(() => undefined);
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(client.received.toString('latin1'))?.[1] ?? 0);
	problems.push(...answersOutOfOrder(client, bytes, marker, sent));
	problems.push(...(await otherClient(sidecar, id)));
	client.close();
	const seen = origin.requests.slice(seenBefore);
	const forwarded = seen.filter((request) => !isProbe(request));
	if (forwarded.length > sent) problems.push(`A: the origin saw ${forwarded.length} requests of ${sent}`);
	if (seen.filter((request) => request.target === marker).length > 1) problems.push('A: the marker came twice');
	problems.push(...origin.oddities.slice(odditiesBefore).map((oddity) => `B: ${oddity}`));
	return { status, forwarded, problems };
}

/** C: a refusal is the last answer; without one each request has its own answer, the marker's last. */
function answersOutOfOrder(client: RawClient, bytes: Buffer, marker: string, sent: number): string[] {
	const firstMethod = /^[^ ]*/.exec(bytes.toString('latin1').trimStart())?.[0] ?? '';
	const { messages, oddities } = splitResponses(client.received, [firstMethod], client.isEnded);
	const answers = messages.filter((message) => message.status >= 200);
	const isMarker = (answer: WireMessage): boolean => answer.body.toString('latin1') === `GET ${marker}`;
	const problems = oddities.map((oddity) => `C: an answer with ${oddity}`);
	if (answers.length > sent + 1) problems.push(`C: ${answers.length} answers to ${sent + 1} requests`);
	if (answers.slice(0, -1).some(isMarker)) problems.push('C: the marker was not answered last');
	const refusal = answers.findIndex((answer) => answer.status >= 400);
	if (refusal >= 0 && refusal < answers.length - 1) problems.push('C: something was answered after a refusal');
	if (refusal >= 0 && !client.isEnded) problems.push('C: the connection stays open after a refusal');
	return problems;
}

/** D: a client of its own, through the same pool. */
async function otherClient(sidecar: Sidecar, id: number): Promise<string[]> {
	const path = `/other-${id}`;
	const other = await RawClient.connect(sidecar.port);
	try {
		await other.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
		const response = await other.readResponse();
		const body = response.body.toString('latin1');
		return body === `GET ${path}` ? [] : [`D: another client got ${response.status} ${JSON.stringify(body)}`];
	} catch (error) {
		return [`D: another client got no answer: ${String(error)}`];
	} finally {
		other.close();
	}
}
