/**
 * The messages of `grpc.health.v1.Health/Check` (grpc/grpc-proto, health.proto) and their frames, by hand: a request is one
 * string, an answer one number.
 */

/** HealthCheckResponse.ServingStatus. */
export const ServingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;

/** Bytes of the frame before a message: compressed flag and length. */
const FRAME_HEAD_BYTES = 5;
/** Field 1, length-delimited: `string service` of the request. */
const SERVICE_TAG = 0x0a;
/** Field 1, varint: `ServingStatus status` of the response. */
const STATUS_TAG = 0x08;
/** Protocol buffers' longest varint. */
const MAX_VARINT_BYTES = 10;

/** A HealthCheckRequest in its frame. `''`: the whole server. */
export function checkRequest(service: string): Buffer {
	const name = Buffer.from(service, 'utf8');
	const field = name.length === 0 ? [] : [SERVICE_TAG, ...varint(name.length)];
	const message = Buffer.concat([Buffer.from(field), name]);
	const head = Buffer.alloc(FRAME_HEAD_BYTES);
	head.writeUInt32BE(message.length, 1);
	return Buffer.concat([head, message]);
}

/** The status of a HealthCheckResponse in its frame; `null`: not one whole, uncompressed message of that kind. */
export function servingStatus(frame: Buffer): number | null {
	if (frame.length < FRAME_HEAD_BYTES || frame[0] !== 0) return null;
	if (frame.readUInt32BE(1) !== frame.length - FRAME_HEAD_BYTES) return null;
	return statusOf(frame.subarray(FRAME_HEAD_BYTES));
}

/** Of several fields the last counts, and unknown ones are passed over, as protocol buffers have it. */
function statusOf(message: Buffer): number | null {
	const reader = new Reader(message);
	let status: number = ServingStatus.unknown;
	while (!reader.isAtEnd) {
		const tag = reader.varint();
		if (tag === STATUS_TAG) status = reader.varint();
		else reader.skip(tag & 7);
		if (reader.isBroken) return null;
	}
	return status;
}

class Reader {
	private readonly bytes: Buffer;
	private at = 0;
	isBroken = false;

	constructor(bytes: Buffer) {
		this.bytes = bytes;
	}

	get isAtEnd(): boolean {
		return this.at >= this.bytes.length;
	}

	/** Exact up to 2⁵³: beyond that no number of ours is meant. */
	varint(): number {
		let value = 0;
		for (let i = 0; i < MAX_VARINT_BYTES; i++) {
			const byte = this.bytes[this.at++];
			if (byte === undefined) break;
			value += (byte & 0x7f) * 2 ** (7 * i);
			if (byte < 0x80) return value;
		}
		this.isBroken = true;
		return 0;
	}

	skip(wireType: number): void {
		if (wireType === 0) this.varint();
		else if (wireType === 1) this.at += 8;
		else if (wireType === 2) this.skipBytes();
		else if (wireType === 5) this.at += 4;
		else this.isBroken = true;
		if (this.at > this.bytes.length) this.isBroken = true;
	}

	/** The length moves the reader, too. */
	private skipBytes(): void {
		const length = this.varint();
		this.at += length;
	}
}

function varint(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
	bytes.push(rest);
	return bytes;
}
