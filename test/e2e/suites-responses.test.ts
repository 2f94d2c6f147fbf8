import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LlhttpCase, llhttpExpects } from '../suites/judge-llhttp.ts';
import { type HttpdCase, httpdExpects } from '../suites/judge-requests.ts';
import { bytesOf, LEFT_OUT, loadSuite } from '../suites/load-suite.ts';
import { exceptionFor } from '../suites/report.ts';
import { RawClient } from '../support/raw-client.ts';
import { echo, RecordingOrigin } from '../support/recording-origin.ts';
import { minimalYaml, type Sidecar, startSidecar } from '../support/sidecar.ts';

if (LEFT_OUT !== '') console.warn(LEFT_OUT);

interface Case {
	id: string;
	bytes: string;
	/** Status and body of the final response; `null` when the bytes are malformed, or end too early. */
	expected: { status: number; body: string } | null;
}

function llhttpCases(): Case[] {
	return loadSuite<LlhttpCase>('llhttp-fixtures')
		.cases.filter((one) => one.type.startsWith('response') && !one.options.skipBody)
		.filter((one) => exceptionFor('llhttp-fixtures', one.id) === undefined)
		.map((one) => {
			const final = one.expect.messages.find((message) => (message.status_code ?? 0) >= 200);
			const isFramed = final?.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name)) ?? false;
			const isWhole = final !== undefined && (final.complete || !isFramed);
			const isTaken = llhttpExpects(one) === 'accept' && isWhole;
			const expected = isTaken ? { status: final.status_code ?? 0, body: final.body } : null;
			return { id: one.id, bytes: bytesOf(one.bytes_b64).toString('latin1'), expected };
		})
		.filter((one) => !one.bytes.includes(' 101 '));
}

function httpdCases(): Case[] {
	return loadSuite<HttpdCase>('httpd-http-strict')
		.cases.filter((one) => one.kind === 'origin-response-header')
		.map((one) => {
			const line = bytesOf(one.header_line_b64 ?? '').toString('latin1');
			const bytes = `HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 2\r\n\r\nok`;
			return { id: one.id, bytes, expected: httpdExpects(one) === 'accept' ? { status: 200, body: 'ok' } : null };
		});
}

const CASES = LEFT_OUT === '' ? [...llhttpCases(), ...httpdCases()] : [];

describe.runIf(LEFT_OUT === '')('responses of every kind through a real sidecar', () => {
	let origin: RecordingOrigin;
	let sidecar: Sidecar;

	beforeAll(async () => {
		origin = await RecordingOrigin.start({
			onRequest(request, connection) {
				const index = /^\/case\/(\d+)$/.exec(request.target)?.[1];
				if (index === undefined) return connection.send(echo(request));
				connection.send(CASES[Number(index)]?.bytes ?? '');
				connection.end();
			},
		});
		sidecar = await startSidecar({ yaml: minimalYaml(origin.port, 'telemetry: { accessLog: { when: off } }\n') });
	});

	afterAll(async () => {
		await sidecar?.stop();
		await origin?.stop();
	});

	it.each(CASES.map((one, index) => ({ ...one, index })))('$id', async ({ index, expected }) => {
		const client = await RawClient.connect(sidecar.port);
		await client.send(`GET /case/${index} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
		await client.readToEnd();
		const final = client.readAll(['GET']).find((message) => message.status >= 200);
		if (expected === null) {
			// A head that had gone out before the fault came is followed by a reset, never by something that looks whole.
			const isCut = final === undefined || client.failure === 'ECONNRESET';
			expect(isCut ? 502 : final.status).toBe(502);
		} else {
			expect([final?.status, final?.body.toString('latin1')]).toEqual([expected.status, expected.body]);
		}
		expect(client.oddities).toEqual([]);
		const other = await RawClient.connect(sidecar.port);
		await other.send(`GET /other/${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
		expect((await other.readResponse()).body.toString()).toBe(`GET /other/${index}`);
		other.close();
		client.close();
		expect(origin.failures).toEqual([]);
	});
});
