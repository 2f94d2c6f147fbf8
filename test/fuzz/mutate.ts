/** Damage, of the kinds that parsers have disagreed about. */
import type { SeededRandom } from '../support/seeded-random.ts';

const INSERTS = [
	'\r',
	'\n',
	'\0',
	'\t',
	' ',
	'\x0b',
	'\x0c',
	'\x7f',
	'\x80',
	'\xa0',
	'\x1b',
	',',
	';',
	':',
	'"',
	'=',
	'0',
	'\\',
	'%',
	'#',
	'@',
	'\r\n',
	'\n\n',
	'\r\n\r\n',
	'\r\n ',
	' \r\n',
	'\r\r\n',
];
const NUMBERS = [
	'-1',
	'+1',
	'0x1',
	'00',
	'1_0',
	'5 5',
	'5, 5',
	'1e1',
	'1.0',
	'4294967296',
	'9007199254740991',
	'9007199254740992',
	'18446744073709551616',
	'ffffffffffffffff',
	'10000000000000000',
	'000000000000000000000005',
	'٣',
];
const LINES = [
	'Transfer-Encoding: chunked',
	'Content-Length: 5',
	'Content-Length: 0',
	'Host: b',
	'Connection: close',
	'Connection: content-length',
	'Transfer-Encoding : chunked',
	'Transfer-Encoding: x',
	'Content_Length: 3',
	' folded',
	'\tfolded',
	'nocolon',
	': noname',
	'Upgrade: websocket',
	'Expect: 100-continue',
	'TE: trailers',
	'X: y',
];
const MAX_MUTATIONS = 4;

type Mutation = (text: string, random: SeededRandom, other: string) => string;

/** A position, more often than not next to something that has a meaning. */
function spot(text: string, random: SeededRandom): number {
	if (text.length === 0 || random.chance(0.4)) return random.below(text.length + 1);
	const found = text.indexOf(random.pick(['\r\n', ':', ' ', ';', '\r\n\r\n', '/', ',']), random.below(text.length));
	return found < 0 ? random.below(text.length + 1) : found + random.below(3);
}

function splice(text: string, at: number, removed: number, added: string): string {
	return text.slice(0, at) + added + text.slice(at + removed);
}

function lineAround(text: string, at: number): [start: number, end: number] {
	const start = at === 0 ? 0 : text.lastIndexOf('\r\n', at - 1) + 2;
	const end = text.indexOf('\r\n', at);
	return start === 1 ? [0, end < 0 ? text.length : end + 2] : [start, end < 0 ? text.length : end + 2];
}

const MUTATIONS: readonly Mutation[] = [
	(text, random) => splice(text, spot(text, random), 0, random.pick(INSERTS)),
	(text, random) => splice(text, spot(text, random), 1, random.pick(INSERTS)),
	(text, random) => splice(text, spot(text, random), 1 + random.below(2), ''),
	(text, random) => splice(text, spot(text, random), 1, String.fromCharCode(random.below(256))),
	(text, random) => {
		const [start, end] = lineAround(text, spot(text, random));
		return splice(text, end, 0, text.slice(start, end));
	},
	(text, random) => {
		const [start, end] = lineAround(text, spot(text, random));
		return splice(text, start, end - start, '');
	},
	(text, random) => splice(text, lineAround(text, spot(text, random))[1], 0, `${random.pick(LINES)}\r\n`),
	(text, random) => {
		const digits = [...text.matchAll(/\d+/g)];
		if (digits.length === 0) return text;
		const one = random.pick(digits);
		return splice(text, one.index, one[0].length, random.pick(NUMBERS));
	},
	(text, random) => {
		const at = spot(text, random);
		const part = text.slice(at, at + 1 + random.below(8));
		return splice(text, at, part.length, random.chance(0.5) ? part.toUpperCase() : part.toLowerCase());
	},
	(text, random) => text.slice(0, spot(text, random)),
	(text, random, other) => text.slice(0, spot(text, random)) + other.slice(spot(other, random)),
];

export function mutate(text: string, random: SeededRandom, other: string): string {
	let out = text;
	for (let i = random.below(MAX_MUTATIONS + 1); i > 0; i--) out = random.pick(MUTATIONS)(out, random, other);
	// One character, one byte.
	return out.replace(/[^\x00-\xff]/g, '?');
}
