import { describe, expect, it } from 'vitest';
import { TlsWatch } from '../../bench/faults/tls-relay.ts';

const SECRET = '0123456789abcdef';
const record = (type: number, fragment: Buffer | string): Buffer => {
	const bytes = Buffer.from(fragment);
	return Buffer.concat([Buffer.from([type, 3, 3, bytes.length >> 8, bytes.length & 0xff]), bytes]);
};
const GOOD = Buffer.concat([
	record(22, 'hello'),
	record(20, '\x01'),
	record(23, Buffer.alloc(16_000)),
	record(21, 'xx'),
]);

/** What a watch makes of these bytes, in pieces of a size. */
function watched(bytes: Buffer, size: number): Pick<TlsWatch, 'bytes' | 'strayBytes' | 'secrets'> {
	const watch = new TlsWatch(SECRET);
	for (let at = 0; at < bytes.length; at += size) watch.add(bytes.subarray(at, at + size));
	const { strayBytes, secrets } = watch;
	return { bytes: watch.bytes, strayBytes, secrets };
}

describe.each([1, 3, 7, 100_000])('in pieces of %d bytes', (size) => {
	it('records of TLS are nothing to speak of', () => {
		expect(watched(GOOD, size)).toEqual({ bytes: GOOD.length, strayBytes: 0, secrets: 0 });
	});

	it.each<readonly [what: string, bytes: Buffer, stray: number]>([
		['plaintext', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 18],
		['plaintext after a handshake', Buffer.concat([GOOD, Buffer.from('GET / HTTP/1.1\r\n\r\n')]), 18],
		['data before any handshake', record(23, 'x'.repeat(20)), 25],
		['an empty record', Buffer.concat([GOOD, record(23, ''), Buffer.alloc(3)]), 8],
		['a record that is too long', Buffer.concat([GOOD, Buffer.from([23, 3, 3, 0xff, 0xff, 1])]), 6],
	])('%s is found', (_, bytes, strayBytes) => {
		expect(watched(bytes, size)).toMatchObject({ strayBytes });
	});

	it('a secret is found, also within records', () => {
		const bytes = Buffer.concat([GOOD, record(23, `x${SECRET}`), record(23, SECRET + SECRET)]);
		expect(watched(bytes, size)).toMatchObject({ strayBytes: 0, secrets: 3 });
	});
});
