/**
 * Reads HTTP/1 off a recorded connection, independently of the project's codec: it is the second opinion that the codec
 * and the proxy are judged by. It does not repair or guess. What it finds odd (anything that two servers might read in
 * two ways) is named in `oddities`; a proxy must never send such bytes.
 */

export interface WireMessage {
	startLine: string;
	/** Request: method and target. Response: both `''`. */
	method: string;
	target: string;
	/** Response: its status. Request: 0. */
	status: number;
	/** Names as they came, values without surrounding whitespace. */
	fields: [name: string, value: string][];
	trailers: [name: string, value: string][];
	body: Buffer;
	/** The exact bytes. */
	raw: Buffer;
	/** False for a close-delimited body whose connection has not ended. */
	isComplete: boolean;
}

export interface WireSplit {
	messages: WireMessage[];
	/** What is left after the last whole message. */
	rest: Buffer;
	/** Everything that could be read in two ways, in the order found. Reading stops at one that hides where a message ends. */
	oddities: string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

export function valuesOf(message: WireMessage, name: string): string[] {
	return message.fields.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
}

/** The requests in the bytes of one connection. */
export function splitRequests(bytes: Buffer): WireSplit {
	return new WireReader(bytes).readAll((reader) => reader.request());
}

/**
 * The responses in the bytes of one connection, given the methods of the requests they answer. Interim responses (1xx)
 * are listed but take no method. `ended` says that the sender has closed.
 */
export function splitResponses(bytes: Buffer, methods: readonly string[], ended: boolean): WireSplit {
	let answered = 0;
	return new WireReader(bytes).readAll((reader) => {
		const message = reader.response(methods[answered] ?? 'GET', ended);
		if (message !== null && (message.status >= 200 || message.status === 101)) answered++;
		return message;
	});
}

class WireReader {
	private readonly bytes: Buffer;
	private readonly text: string;
	private at = 0;
	private isLost = false;
	private readonly oddities: string[] = [];

	constructor(bytes: Buffer) {
		this.bytes = bytes;
		this.text = bytes.toString('latin1');
	}

	readAll(one: (reader: WireReader) => WireMessage | null): WireSplit {
		const messages: WireMessage[] = [];
		let start = 0;
		while (!this.isLost && this.at < this.bytes.length) {
			const message = one(this);
			if (message === null) break;
			message.raw = this.bytes.subarray(start, this.at);
			messages.push(message);
			start = this.at;
		}
		return { messages, rest: this.bytes.subarray(start), oddities: this.oddities };
	}

	request(): WireMessage | null {
		const message = this.head();
		if (message === null) return null;
		const line = /^([^ ]+) ([^ ]+) HTTP\/1\.1$/.exec(message.startLine);
		if (line === null) this.odd('request line', message.startLine);
		else if (!TOKEN.test(line[1] as string)) this.odd('method', message.startLine);
		message.method = line?.[1] ?? '';
		message.target = line?.[2] ?? '';
		if (valuesOf(message, 'host').length !== 1) this.odd('number of Host fields', message.startLine);
		const framing = this.framing(message);
		return this.body(message, framing === 'close' ? 0 : framing, true);
	}

	response(method: string, ended: boolean): WireMessage | null {
		const message = this.head();
		if (message === null) return null;
		const line = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/.exec(message.startLine);
		if (line === null) this.odd('status line', message.startLine);
		message.status = Number(line?.[1] ?? 0);
		const { status } = message;
		const framing = this.framing(message);
		const isBodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
		const isTunnel = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300);
		return this.body(message, isBodiless || isTunnel ? 0 : framing, ended);
	}

	private head(): WireMessage | null {
		const end = this.text.indexOf('\r\n\r\n', this.at);
		if (end < 0) return null;
		const [startLine = '', ...lines] = this.text.slice(this.at, end).split('\r\n');
		if (CONTROL.test(startLine)) this.odd('control in start line', startLine);
		const fields = lines.map((line) => this.field(line));
		this.at = end + 4;
		const nothing = Buffer.alloc(0);
		return {
			startLine,
			method: '',
			target: '',
			status: 0,
			fields,
			trailers: [],
			body: nothing,
			raw: nothing,
			isComplete: true,
		};
	}

	private field(line: string): [string, string] {
		const colon = line.indexOf(':');
		const name = line.slice(0, Math.max(0, colon));
		if (!TOKEN.test(name)) this.odd('field name', line);
		if (CONTROL.test(line.slice(colon + 1))) this.odd('control in field value', line);
		return [name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
	}

	private framing(message: WireMessage): number | 'chunked' | 'close' {
		const codings = valuesOf(message, 'transfer-encoding');
		const lengths = valuesOf(message, 'content-length');
		if (codings.length > 0 && lengths.length > 0) this.lose('Transfer-Encoding with Content-Length', message.startLine);
		if (codings.length > 1 || lengths.length > 1) this.lose('repeated framing field', message.startLine);
		if (codings.length > 0) {
			if (codings[0]?.toLowerCase() !== 'chunked') this.lose('transfer coding', codings.join());
			return 'chunked';
		}
		if (lengths.length === 0) return 'close';
		if (!/^0*\d{1,16}$/.test(lengths[0] as string)) this.lose('Content-Length', lengths.join());
		return Number(lengths[0]);
	}

	private body(message: WireMessage, framing: number | 'chunked' | 'close', ended: boolean): WireMessage | null {
		if (this.isLost) return message;
		if (framing === 'chunked') return this.chunks(message);
		const end = framing === 'close' ? this.bytes.length : this.at + framing;
		if (end > this.bytes.length) return null;
		message.body = this.bytes.subarray(this.at, end);
		message.isComplete = framing !== 'close' || ended;
		this.at = end;
		return message;
	}

	private chunks(message: WireMessage): WireMessage | null {
		const parts: Buffer[] = [];
		for (;;) {
			const line = this.line();
			if (line === null) return null;
			const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(line);
			if (size === null) return this.lose('chunk size', line) ?? message;
			const length = Number.parseInt(size[1] as string, 16);
			if (length === 0) break;
			if (this.at + length + 2 > this.bytes.length) return null;
			parts.push(this.bytes.subarray(this.at, this.at + length));
			this.at += length;
			if (this.line() !== '') return this.lose('end of chunk', line) ?? message;
		}
		message.body = Buffer.concat(parts);
		for (let line = this.line(); line !== ''; line = this.line()) {
			if (line === null) return null;
			message.trailers.push(this.field(line));
		}
		return message;
	}

	private line(): string | null {
		const end = this.text.indexOf('\r\n', this.at);
		if (end < 0) return null;
		const line = this.text.slice(this.at, end);
		this.at = end + 2;
		return line;
	}

	private odd(what: string, where: string): void {
		this.oddities.push(`${what}: ${JSON.stringify(where)}`);
	}

	private lose(what: string, where: string): null {
		this.odd(what, where);
		this.isLost = true;
		return null;
	}
}
