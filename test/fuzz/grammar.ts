/** Streams of messages that are valid, or nearly so: what the mutations start from. */
import type { SeededRandom } from '../support/seeded-random.ts';

export interface FuzzInput {
	bytes: string;
	/** Methods that the bytes answer; `null` when they are requests. */
	answers: string[] | null;
	/** The connection ends after the bytes. */
	ended: boolean;
}

const METHODS = [
	'GET',
	'GET',
	'POST',
	'POST',
	'PUT',
	'HEAD',
	'DELETE',
	'OPTIONS',
	'PATCH',
	'CONNECT',
	'QUERY',
	'get',
	'MINE',
];
const PATHS = [
	'/',
	'/a',
	'/a/b?c=d',
	'/a%20b',
	'/%41',
	'/a/../b',
	'//x',
	'/?',
	'/x?y#z',
	'/é',
	'/a"b|c',
	'*',
	'http://h.example/x',
	'https://h:81?q',
	'h:443',
	'x',
];
const NAMES = ['Accept', 'X-A', 'x_b', 'User-Agent', 'Cookie', 'Trailer', 'Via', "x!#$%&'*+-.^_`|~9"];
const VALUES = ['1', '', 'a, b', 'x;y="z"', 'caf\xe9', '\tpadded \t', 'Transfer-Encoding: chunked', 'close'];
const OPTIONS = [
	'close',
	'keep-alive',
	'Keep-Alive, x',
	'upgrade',
	'Upgrade, close',
	'x',
	'CLOSE',
	'closed',
	' close ,',
];
const CODINGS = [
	'chunked',
	'Chunked',
	' chunked ',
	'gzip, chunked',
	'chunked, gzip',
	'identity',
	'xchunked',
	'chunked, chunked',
	'',
	',chunked',
	'chunked;x',
];
const STATUSES = [
	'200 OK',
	'200 OK',
	'204 No Content',
	'304 Not Modified',
	'100 Continue',
	'103 Early Hints',
	'101 Switching Protocols',
	'404',
	'500 ',
	'599 X',
	'099 X',
	'2000 X',
];
const EXTENSIONS = ['', '', '', ';a', ';a=b', ';a="b;c"', '; a = b', ' ;a', ';', ';a=', ';a="\\""'];

const MAX_MESSAGES = 3;
const MAX_BODY = 12;
const MAX_EXTRA_FIELDS = 3;

export function generate(random: SeededRandom): FuzzInput {
	const isResponse = random.chance(0.35);
	const answers: string[] = [];
	let bytes = '';
	for (let i = 1 + random.below(MAX_MESSAGES); i > 0; i--) {
		answers.push(random.pick(['GET', 'GET', 'GET', 'HEAD', 'CONNECT']));
		bytes += isResponse ? response(random) : request(random);
	}
	return { bytes, answers: isResponse ? answers : null, ended: isResponse && random.chance(0.3) };
}

function request(random: SeededRandom): string {
	const method = random.pick(METHODS);
	const target = random.chance(0.8)
		? method === 'CONNECT'
			? 'h.example:443'
			: random.pick(PATHS.slice(0, 7))
		: random.pick(PATHS);
	const fields = random.chance(0.97)
		? [`Host: ${random.pick(['a', 'h.example:80', '[::1]', 'a b', ''].slice(0, random.chance(0.95) ? 3 : 5))}`]
		: [];
	return message(random, `${method} ${target} HTTP/1.${random.chance(0.9) ? 1 : 0}`, fields);
}

function response(random: SeededRandom): string {
	return message(random, `HTTP/1.${random.chance(0.9) ? 1 : 0} ${random.pick(STATUSES)}`, []);
}

function message(random: SeededRandom, startLine: string, fields: string[]): string {
	for (let i = random.below(MAX_EXTRA_FIELDS + 1); i > 0; i--)
		fields.push(`${random.pick(NAMES)}: ${random.pick(VALUES)}`);
	if (random.chance(0.2)) fields.push(`Connection: ${random.pick(OPTIONS)}`);
	if (random.chance(0.1)) fields.push(`Upgrade: ${random.pick(['websocket', 'h2c', 'HTTP/2.0', ''])}`);
	const data = randomData(random);
	let body = '';
	const kind = random.below(10);
	if (kind < 3) {
		fields.push(`Content-Length: ${random.chance(0.9) ? data.length : random.below(20)}`);
		body = data;
	} else if (kind < 7) {
		fields.push(`Transfer-Encoding: ${random.chance(0.85) ? 'chunked' : random.pick(CODINGS)}`);
		if (random.chance(0.05)) fields.push(`Content-Length: ${data.length}`);
		body = chunks(random, data);
	}
	return `${startLine}\r\n${shuffled(random, fields)
		.map((field) => `${field}\r\n`)
		.join('')}\r\n${body}`;
}

function randomData(random: SeededRandom): string {
	const data = random.pick([
		'hello',
		'GET / HTTP/1.1\r\n\r\n',
		'\r\n',
		'0\r\n\r\n',
		'\0\xff',
		'HTTP/1.1 200 OK\r\n\r\n',
	]);
	return data.slice(0, random.below(MAX_BODY));
}

function chunks(random: SeededRandom, data: string): string {
	let out = '';
	for (let at = 0; at < data.length; ) {
		const size = 1 + random.below(data.length - at);
		const digits = random.pick([size.toString(16), size.toString(16).toUpperCase(), `00${size.toString(16)}`]);
		out += `${digits}${random.pick(EXTENSIONS)}\r\n${data.slice(at, at + size)}\r\n`;
		at += size;
	}
	const trailers = random.chance(0.3) ? `${random.pick(NAMES)}: ${random.pick(VALUES)}\r\n` : '';
	return `${out}0${random.chance(0.1) ? random.pick(EXTENSIONS) : ''}\r\n${trailers}\r\n`;
}

function shuffled(random: SeededRandom, items: string[]): string[] {
	const out = [...items];
	for (let i = out.length - 1; i > 0; i--) {
		const j = random.below(i + 1);
		[out[i], out[j]] = [out[j] as string, out[i] as string];
	}
	return out;
}
