/** Node's own parser, driven by hand: the second opinion of the fuzzer. Strict: no lenient flag is set. */
import { createRequire } from 'node:module';

/** What Node's binding looks like from outside. It has no types: it is internal, but as old as `node:http`. */
interface BindingParser {
	initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
	execute(buffer: Buffer): number | Error;
	finish(): number | Error | undefined;
	free(): void;
	[callback: number]: unknown;
}

interface Binding {
	new (): BindingParser;
	readonly REQUEST: number;
	readonly RESPONSE: number;
	readonly kOnMessageBegin: number;
	readonly kOnHeaders: number;
	readonly kOnHeadersComplete: number;
	readonly kOnBody: number;
	readonly kOnMessageComplete: number;
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
	HTTPParser: Binding;
	methods: readonly string[];
};

/** What llhttp knows of methods: it refuses every other token. */
export const LLHTTP_METHODS: ReadonlySet<string> = new Set(methods);

/** Above what any input of the fuzzer has, so that limits are never what the two differ in. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Return of `onHeadersComplete`: this response has no body, whatever its fields say. */
const SKIP_BODY = 1;
/** Return of `onHeadersComplete`: what follows is a tunnel's. */
const TUNNEL = 2;
/** llhttp numbers QUERY apart from the others: protocols that Node does not speak lie between. */
const QUERY_NUMBER = 46;

function methodOf(number: number): string {
	return number === QUERY_NUMBER ? 'QUERY' : (methods[number] ?? '?');
}

export interface LlhttpMessage {
	method: string;
	target: string;
	status: number;
	/** name, value, name, value … */
	fields: string[];
	trailers: string[];
	body: string;
	isComplete: boolean;
	shouldKeepAlive: boolean;
	isUpgrade: boolean;
}

export interface LlhttpResult {
	messages: LlhttpMessage[];
	/** `''`, or llhttp's reason. */
	error: string;
}

function blank(): LlhttpMessage {
	return {
		method: '',
		target: '',
		status: 0,
		fields: [],
		trailers: [],
		body: '',
		isComplete: false,
		shouldKeepAlive: true,
		isUpgrade: false,
	};
}

/** Bytes as one piece. `answers` holds the methods that responses answer; `null` reads requests. */
export function runLlhttp(bytes: Buffer, answers: readonly string[] | null, ended: boolean): LlhttpResult {
	const parser = new HTTPParser();
	const messages: LlhttpMessage[] = [];
	let current = blank();
	let hasHead = false;
	let answered = 0;
	parser.initialize(answers === null ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, MAX_HEADER_BYTES, 0);
	parser[HTTPParser.kOnMessageBegin] = () => {
		current = blank();
		hasHead = false;
	};
	// Called when there are more fields than fit at once, and for trailers. Then the target comes here, too.
	parser[HTTPParser.kOnHeaders] = (fields: string[], target: string) => {
		if (!hasHead) current.target = target;
		(hasHead ? current.trailers : current.fields).push(...fields);
	};
	parser[HTTPParser.kOnHeadersComplete] = (
		_major: number,
		_minor: number,
		fields: string[] | undefined,
		method: number | undefined,
		target: string | undefined,
		status: number | undefined,
		_reason: string | undefined,
		isUpgrade: boolean,
		shouldKeepAlive: boolean,
	) => {
		hasHead = true;
		if (fields !== undefined) current.fields.push(...fields);
		Object.assign(current, { target: target ?? current.target, status: status ?? 0, isUpgrade, shouldKeepAlive });
		current.method = method === undefined ? '' : methodOf(method);
		messages.push(current);
		if (answers === null) return 0;
		const asked = answers[answered];
		if ((status ?? 0) >= 200) answered++;
		if (asked === 'CONNECT' && (status ?? 0) >= 200 && (status ?? 0) < 300) return TUNNEL;
		return asked === 'HEAD' ? SKIP_BODY : 0;
	};
	parser[HTTPParser.kOnBody] = (chunk: Buffer) => {
		current.body += chunk.toString('latin1');
	};
	parser[HTTPParser.kOnMessageComplete] = () => {
		current.isComplete = true;
	};
	let result = parser.execute(bytes);
	if (!(result instanceof Error) && ended) result = parser.finish() ?? 0;
	parser.free();
	return { messages, error: errorOf(result, messages.at(-1), bytes.length) };
}

function errorOf(result: number | Error, last: LlhttpMessage | undefined, length: number): string {
	if (result instanceof Error) return (result as Error & { reason?: string }).reason ?? 'error';
	// The binding keeps errors to itself once a message asks for an upgrade.
	return last !== undefined && !last.isComplete && last.isUpgrade && result < length ? 'Stopped in an upgrade' : '';
}
