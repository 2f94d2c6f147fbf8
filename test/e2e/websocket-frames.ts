/** Client frames of RFC 6455 §5.2, written by hand from the steps of the Autobahn cases: a library would refuse to. */

export type Step =
	| {
			op: 'frame';
			opcode: number;
			fin: boolean;
			rsv: number;
			payload_b64: string;
			payload_len?: number;
			chopsize?: number;
	  }
	| { op: 'message'; binary: boolean; payload_b64: string; fragment_size?: number; auto_fragment_size?: number }
	| { op: 'close'; code: number | null; reason_b64?: string | null }
	| { op: 'begin_message'; binary: boolean }
	| { op: 'begin_frame'; length: number }
	| { op: 'frame_data'; payload_b64: string }
	| { op: 'end_message' | 'wait_s' | 'kill_after_s' | 'close_after_s' };

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9 } as const;
/** Any will do; the same each time, so that both servers are sent the same bytes. */
const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78]);

export const PING = (payload: string): Buffer => frame(OPCODE.ping, Buffer.from(payload));
export const CLOSE = frame(OPCODE.close, Buffer.from([0x03, 0xe8]));

/** The writes that a case asks for, in order. */
export function writesOf(steps: readonly Step[]): Buffer[] {
	let opcode: number = OPCODE.text;
	let offset = 0;
	return steps.flatMap((step): Buffer[] => {
		switch (step.op) {
			case 'frame': {
				const bytes = frame(step.opcode, padded(step.payload_b64, step.payload_len), step.fin, step.rsv);
				return split(bytes, step.chopsize ?? bytes.length);
			}
			case 'message': {
				const kind = step.binary ? OPCODE.binary : OPCODE.text;
				return message(kind, Buffer.from(step.payload_b64, 'base64'), step.fragment_size ?? step.auto_fragment_size);
			}
			case 'close':
				return [frame(OPCODE.close, closePayload(step.code, step.reason_b64 ?? null))];
			case 'begin_message':
				opcode = step.binary ? OPCODE.binary : OPCODE.text;
				return [];
			case 'begin_frame':
				offset = 0;
				return [header(opcode, step.length, true, 0)];
			case 'frame_data': {
				const data = Buffer.from(step.payload_b64, 'base64');
				offset += data.length;
				return [masked(data, offset - data.length)];
			}
			default:
				return [];
		}
	});
}

function message(opcode: number, payload: Buffer, fragment = payload.length || 1): Buffer[] {
	const parts = payload.length === 0 ? [payload] : split(payload, fragment);
	return parts.map((part, index) => frame(index === 0 ? opcode : 0, part, index === parts.length - 1));
}

function frame(opcode: number, payload: Buffer, fin = true, rsv = 0): Buffer {
	return Buffer.concat([header(opcode, payload.length, fin, rsv), masked(payload, 0)]);
}

function header(opcode: number, length: number, fin: boolean, rsv: number): Buffer {
	const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
	if (length < 126) return Buffer.concat([Buffer.of(first, 0x80 | length), MASK]);
	const wide = Buffer.alloc(length < 65_536 ? 2 : 8);
	if (wide.length === 2) wide.writeUInt16BE(length);
	else wide.writeBigUInt64BE(BigInt(length));
	return Buffer.concat([Buffer.of(first, 0x80 | (wide.length === 2 ? 126 : 127)), wide, MASK]);
}

function masked(payload: Buffer, offset: number): Buffer {
	return Buffer.from(payload.map((byte, index) => byte ^ (MASK[(index + offset) % MASK.length] as number)));
}

function closePayload(code: number | null, reason: string | null): Buffer {
	if (code === null) return Buffer.alloc(0);
	const bytes = Buffer.alloc(2);
	bytes.writeUInt16BE(code);
	return Buffer.concat([bytes, Buffer.from(reason ?? '', 'base64')]);
}

function padded(base64: string, length = -1): Buffer {
	const bytes = Buffer.from(base64, 'base64');
	return length < 0 ? bytes : Buffer.alloc(length, bytes);
}

function split(bytes: Buffer, size: number): Buffer[] {
	return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
		bytes.subarray(index * size, (index + 1) * size),
	);
}
