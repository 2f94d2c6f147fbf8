import { afterEach, describe, expect, it } from 'vitest';
import { RawClient } from './raw-client.ts';
import { RecordingOrigin } from './recording-origin.ts';
import { waitFor } from './wait-for.ts';

let origin: RecordingOrigin | undefined;
let client: RawClient | undefined;

afterEach(async () => {
	client?.close();
	await origin?.stop();
});

describe('the recording origin and the raw client', () => {
	it('records the exact bytes, and each request gets its own answer', async () => {
		origin = await RecordingOrigin.start();
		client = await RawClient.connect(origin.port);
		const sent =
			'GET /a HTTP/1.1\r\nHost: h\r\n\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n';
		await client.send(sent, [3, 20, 40]);
		expect((await client.readResponse('GET')).body.toString()).toBe('GET /a');
		expect((await client.readResponse('HEAD')).body.toString()).toBe('');
		expect((await client.readResponse('GET')).body.toString()).toBe('GET /c');
		expect(origin.connections[0]?.bytes.toString('latin1')).toBe(sent);
		expect(origin.requests.map((request) => request.target)).toEqual(['/a', '/b', '/c']);
		expect(client.oddities).toEqual([]);
	});

	it('answers on the head, byte by byte, and ends its side', async () => {
		origin = await RecordingOrigin.start({
			async onHead(connection) {
				await connection.sendByteByByte('HTTP/1.1 413 Too Large\r\n\r\nno');
				connection.end();
			},
			onRequest() {},
		});
		client = await RawClient.connect(origin.port);
		await client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc');
		const response = await client.readResponse('POST');
		expect([response.status, response.body.toString()]).toEqual([413, 'no']);
		expect(origin.failures).toEqual([]);
	});

	it('resets a connection, and the client says so', async () => {
		origin = await RecordingOrigin.start({ onRequest: (_, connection) => connection.reset() });
		client = await RawClient.connect(origin.port);
		await client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
		await expect(client.readResponse()).rejects.toThrow('before a whole response');
		await waitFor('the reset', () => client?.failure === 'ECONNRESET');
	});

	it('still answers a client that has half-closed', async () => {
		origin = await RecordingOrigin.start();
		client = await RawClient.connect(origin.port);
		await client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
		client.end();
		expect((await client.readToEnd()).toString()).toContain('200 OK');
	});
});
