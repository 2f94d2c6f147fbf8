import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readX509SvidResponse } from '../../src/identity/workload-api-message.ts';
import { encodeResponse } from '../support/workload-agent.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const svid = fc.record({
	spiffeId: fc.string({ unit: 'grapheme' }),
	x509Svid: bytes,
	x509SvidKey: bytes,
	bundle: bytes,
	hint: fc.string({ unit: 'grapheme' }),
});
const response = fc.record({
	svids: fc.array(svid, { maxLength: 4 }),
	crl: fc.array(bytes, { maxLength: 3 }),
	federatedBundles: fc.dictionary(fc.webAuthority(), bytes, { maxKeys: 4, noNullPrototype: true }),
});

/** Within bytes that are none of it: whatever is read of them shows. */
function embedded(message: Uint8Array): Uint8Array {
	const around = new Uint8Array(message.length + 128).fill(0x0a);
	around.set(message, 64);
	return around.subarray(64, 64 + message.length);
}

function viewsOf(read: NonNullable<ReturnType<typeof readX509SvidResponse>>): Uint8Array[] {
	const ofSvids = read.svids.flatMap(({ certificates, key, bundle }) => [certificates, key, bundle]);
	return [...ofSvids, ...read.federatedBundles.values()];
}

function holdsBounds(message: Uint8Array): void {
	const read = readX509SvidResponse(message);
	if (read === null) return;
	for (const view of viewsOf(read)) {
		if (view.length === 0) continue;
		expect(view.buffer).toBe(message.buffer);
		expect(view.byteOffset).toBeGreaterThanOrEqual(message.byteOffset);
		expect(view.byteOffset + view.length).toBeLessThanOrEqual(message.byteOffset + message.length);
	}
}

describe('an X509SVIDResponse', () => {
	it('is read as another library has written it', () => {
		fc.assert(
			fc.property(response, (message) => {
				const read = readX509SvidResponse(embedded(encodeResponse(message)));
				expect(read?.revocationLists).toBe(message.crl.length);
				expect(read?.svids.map((each) => ({ ...each, certificates: [...each.certificates] }))).toEqual(
					message.svids.map(({ spiffeId, x509Svid, x509SvidKey, bundle, hint }) => ({
						spiffeId,
						certificates: [...x509Svid],
						key: x509SvidKey,
						bundle,
						hint,
					})),
				);
				expect(Object.fromEntries(read?.federatedBundles ?? [])).toEqual(message.federatedBundles);
			}),
		);
	});

	it('is nothing where it makes no sense, and never read beyond its end', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 2000 }), (message) => holdsBounds(embedded(message))),
			{ numRuns: 3000 },
		);
	});

	it('is never read beyond its end where some of its bytes are others', () => {
		const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
		fc.assert(
			fc.property(response, changes, fc.nat(), (message, changed, cut) => {
				const whole = encodeResponse(message);
				for (const [at, byte] of changed) if (whole.length > 0) whole[at % whole.length] = byte;
				holdsBounds(embedded(whole));
				holdsBounds(embedded(whole.subarray(0, cut % (whole.length + 1))));
			}),
			{ numRuns: 1000 },
		);
	});

	it('may have fields that nobody knows yet', () => {
		const known = encodeResponse({ svids: [{ spiffeId: 'spiffe://a/b' }] });
		const unknown = [0x20, 0x96, 0x01, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x35, 1, 2, 3, 4, 0x3a, 0x02, 1, 2];
		const read = readX509SvidResponse(Buffer.concat([Buffer.from(unknown), known, Buffer.from(unknown)]));
		expect(read?.svids.map(({ spiffeId }) => spiffeId)).toEqual(['spiffe://a/b']);
	});

	it('has the last of several values', () => {
		const id = (text: string) => [0x0a, text.length, ...Buffer.from(text)];
		const inner = [...id('first'), ...id('last')];
		expect(readX509SvidResponse(Buffer.from([0x0a, inner.length, ...inner]))?.svids[0]?.spiffeId).toBe('last');
	});

	it.each([
		['a length beyond the end', [0x0a, 0x05, 0x0a]],
		['a length beyond all memory', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
		['a varint without an end', [0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
		['a cut varint', [0x20, 0xff]],
		['a cut fixed64', [0x21, 1, 2, 3]],
		['a cut fixed32', [0x25, 1]],
		['a group', [0x23, 0x24]],
		['a field 0', [0x02, 0x00]],
		['text that is not UTF-8', [0x0a, 0x03, 0x0a, 0x01, 0xff]],
		['a key of a bundle that is not UTF-8', [0x1a, 0x03, 0x0a, 0x01, 0xc0]],
		['more SVIDs than anybody has', Array.from({ length: 4097 }, () => [0x0a, 0x00]).flat()],
		['more revocation lists than anybody has', Array.from({ length: 4097 }, () => [0x12, 0x00]).flat()],
	])('is nothing with %s', (_, message) => {
		expect(readX509SvidResponse(Buffer.from(message))).toBeNull();
	});

	it('is empty without any byte', () => {
		expect(readX509SvidResponse(Buffer.alloc(0))).toEqual({
			svids: [],
			revocationLists: 0,
			federatedBundles: new Map(),
		});
	});
});
