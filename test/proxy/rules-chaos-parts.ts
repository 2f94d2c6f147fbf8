/**
 * What the chaos of rules is made of: rules of every kind, requests for them, and origins that misbehave. A target is
 * `/rule/deed/length/id`: which rule takes it, what the origin does, how long the answer's body is, and who asks.
 */
import type { OriginConnection } from '../support/recording-origin.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';

const MAX_BODY_BYTES = 90_000;

const DEEDS = [
	'length',
	'length',
	'length',
	'length',
	'chunked',
	'chunked',
	'close',
	'empty',
	'interim',
	'late',
	'early',
	'reset',
	'end',
	'cut',
	'excess',
	'garbage',
	'switch',
	'busy',
	'busy',
	'busy',
] as const;

/** It may follow a body without a line's end. */
const HEAD = /(GET|HEAD|PUT|POST|DELETE|OPTIONS) (\/\S+\/c\d+r\d+) HTTP/g;

export const RULES = [
	'plain',
	'edit',
	'redirect',
	'direct',
	'gone',
	'limited',
	'slow',
	'tardy',
	'aborted',
	'faulty',
	'split',
	'sticky',
	'mirror',
	'shadowed',
	'answered',
	'cors',
	'small',
	'empty',
	'missing',
] as const;
type RuleName = (typeof RULES)[number];

export interface Asked {
	readonly id: string;
	readonly rule: RuleName;
	readonly method: string;
	readonly bytes: Buffer;
	readonly body: Buffer;
	/** Length of the answer's body where an origin gives it. */
	readonly length: number;
}

/** The body of a request or of its answer: its id over and over. */
export function bodyOf(id: string, length: number): Buffer {
	return Buffer.alloc(length, `${id}.`);
}

export function request(random: SeededRandom, id: string, isLast: boolean): Asked {
	const rule = random.chance(0.2) ? 'split' : random.pick(RULES);
	const length = random.chance(0.7) ? random.below(300) : random.below(MAX_BODY_BYTES);
	const method = random.pick(['GET', 'GET', 'HEAD', 'PUT', 'POST', 'OPTIONS']);
	const isOld = isLast && random.chance(0.1);
	const hasBody = method === 'PUT' || method === 'POST';
	const body = bodyOf(id, hasBody ? random.below(random.pick([500, 20_000, MAX_BODY_BYTES])) : 0);
	const isChunked = hasBody && !isOld && random.chance(0.4);
	const fields = [
		'Host: a',
		`x-key: ${random.below(3)}`,
		'x-list: a',
		'Origin: https://shop.test',
		`Cookie: sid=${random.below(4)}`,
		...(random.chance(0.1) ? ['Access-Control-Request-Method: PUT'] : []),
		...(hasBody && random.chance(0.2) ? ['Expect: 100-continue'] : []),
		...(isLast && random.chance(0.3) ? ['Connection: close'] : []),
		...(isChunked ? ['Transfer-Encoding: chunked'] : hasBody ? [`Content-Length: ${body.length}`] : []),
	];
	const version = isOld ? '1.0' : '1.1';
	const target = `/${rule}/${random.pick(DEEDS)}/${length}/${id}`;
	const head = `${method} ${target} HTTP/${version}\r\n${fields.join('\r\n')}\r\n\r\n`;
	const sent = isChunked ? chunked(random, body) : body;
	return { id, rule, method, body, length, bytes: Buffer.concat([Buffer.from(head, 'latin1'), sent]) };
}

function chunked(random: SeededRandom, body: Buffer): Buffer {
	const out: Buffer[] = [];
	for (let at = 0; at < body.length; ) {
		const size = Math.min(body.length - at, 1 + random.below(random.chance(0.3) ? 500 : 70_000));
		out.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
		at += size;
	}
	return Buffer.concat([...out, Buffer.from('0\r\nx-sum: 1\r\n\r\n')]);
}

export interface Targeted {
	readonly deed: string;
	readonly length: number;
	readonly id: string;
}

/** Of a target as it arrives at an origin, rewritten or not. */
export function targeted(target: string): Targeted {
	const [, , deed = '', length = '0', id = ''] = target.split('/');
	return { deed, length: Number(length), id };
}

/** Answers a whole request. */
export async function act(random: SeededRandom, asked: WireMessage, origin: OriginConnection): Promise<void> {
	const { deed, length, id } = targeted(asked.target);
	const body = asked.method === 'HEAD' ? Buffer.alloc(0) : bodyOf(id, length);
	const whole = `HTTP/1.1 200 OK\r\nx-by: app\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: ${length}\r\n\r\n`;
	switch (deed) {
		case 'chunked':
			origin.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
			if (asked.method !== 'HEAD') origin.send(chunked(random, body));
			return;
		case 'close':
			origin.send('HTTP/1.1 200 OK\r\n\r\n');
			origin.send(body);
			return origin.end();
		case 'empty':
			return origin.send(random.chance(0.5) ? 'HTTP/1.1 204 No Content\r\n\r\n' : 'HTTP/1.1 304 Not Modified\r\n\r\n');
		case 'interim':
			origin.send(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${whole}`);
			return origin.send(body);
		case 'late':
			await new Promise((resolve) => setTimeout(resolve, random.below(20)));
			break;
		case 'early':
			return;
		case 'reset':
			return origin.reset();
		case 'end':
			return origin.end();
		case 'cut':
			origin.send(whole);
			origin.send(body.subarray(0, body.length >> 1));
			return random.chance(0.5) ? origin.end() : origin.reset();
		case 'excess':
			origin.send(
				Buffer.concat([Buffer.from(whole), body, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!')]),
			);
			return;
		case 'garbage':
			return origin.send('HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello');
		case 'switch':
			return origin.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nnot HTTP');
	}
	origin.send(deed === 'busy' ? whole.replace('200 OK', '503 Busy') : whole);
	origin.send(body);
}

/** Answers a request whose head alone has come, where its deed is that. Counts the heads by request. */
export function actEarly(origin: OriginConnection, heads: Map<string, number>): void {
	const text = origin.bytes.toString('latin1');
	const [, method = '', target = ''] = [...text.matchAll(HEAD)].pop() ?? [];
	const { deed, length, id } = targeted(target);
	if (id === '') return;
	heads.set(`${method} ${id}`, (heads.get(`${method} ${id}`) ?? 0) + 1);
	if (deed !== 'early') return;
	origin.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
	if (method !== 'HEAD') origin.send(bodyOf(id, length));
}

/** What is wrong with a request as an origin got it; `null`: nothing. */
export function faultOfCopy(asked: WireMessage): string | null {
	const { id } = targeted(asked.target);
	const say = (what: string) => `${asked.method} ${asked.target}: ${what}`;
	if (!asked.body.equals(bodyOf(id, asked.body.length))) return say('its body is another');
	for (const name of ['x-request-id', 'x-key', 'cookie']) {
		if (valuesOf(asked, name).length !== 1) return say(`it has ${valuesOf(asked, name).length} of ${name}`);
	}
	const isEdited = asked.target.startsWith('/v2/');
	const list = valuesOf(asked, 'x-list').join();
	return list === (isEdited ? 'a,b' : 'a') ? null : say(`its x-list is ${list}`);
}

function added(name: string): object {
	return { responseHeaderModifier: { add: { [name]: '1', 'Access-Control-Max-Age': '1' } } };
}

/** All rules; `turn` makes them differ from one reload to the next. */
export function rules(turn: number): object[] {
	const mirrors = [
		{ requestMirror: { backendRef: { name: 'shadow' } } },
		{ requestMirror: { backendRef: { name: 'shadow', kind: 'Service' }, percent: 50 } },
		{ requestMirror: { backendRef: { name: 'dead' } } },
	];
	const redirect = {
		requestRedirect: { path: { replacePrefixMatch: '/new' }, statusCode: turn % 2 === 0 ? 302 : 307 },
	};
	const cors = { cors: { allowOrigins: ['https://*.test', 'https://shop.test'], allowCredentials: true } };
	const delay = { fixed: `${10 + (turn % 3) * 10}ms` };
	const edits = [
		{ urlRewrite: { hostname: `b${turn}.test`, path: { replacePrefixMatch: '/v2' } } },
		{ requestHeaderModifier: { add: { 'x-list': 'b' }, set: { 'x-turn': `${turn}` } } },
		{ responseHeaderModifier: { set: { 'x-by': 'rule' }, add: { 'x-more': '1' } } },
	];
	const both = [{ name: 'app' }, { name: 'canary', weight: 1 + (turn % 2), filters: [added('x-canary')] }];
	const parts: Record<RuleName, object> = {
		plain: { retry: { attempts: 2, codes: [503], backoff: '30ms' } },
		edit: { filters: edits },
		redirect: { filters: [redirect] },
		direct: { directResponse: { body: `direct ${turn % 2}` }, filters: [cors] },
		gone: { directResponse: { status: [204, 304, 410][turn % 3] } },
		limited: { rateLimit: { requests: 2, per: '50ms', by: [{ header: 'x-key' }] }, filters: [cors] },
		slow: { fault: { delay: { ...delay, percent: 70 } }, backendRefs: both, filters: [...mirrors, ...edits] },
		tardy: { fault: { delay: { fixed: '60ms' } }, timeouts: { request: '20ms' } },
		aborted: { fault: { delay: { ...delay, percent: 50 }, abort: { status: 418 } } },
		faulty: { fault: { delay: { ...delay, percent: 50 }, abort: { status: 503, percent: 50 } }, backendRefs: both },
		split: { backendRefs: both, retry: { attempts: 2, codes: [503], backoff: '30ms' } },
		sticky: { backendRefs: both, sessionPersistence: { sessionName: 'sid' } },
		mirror: { filters: mirrors, timeouts: { backendRequest: '200ms' } },
		shadowed: { filters: [...mirrors, ...edits], retry: 'off' },
		answered: { backendRefs: [{ name: 'canary', filters: [redirect] }], filters: mirrors },
		cors: { filters: [cors, added('x-rule')], backendRefs: both },
		small: { limits: { requestBody: '10KiB' }, filters: mirrors, fault: { delay: { ...delay, percent: 30 } } },
		empty: { backendRefs: [{ name: 'empty' }], filters: mirrors },
		missing: { backendRefs: [{ name: 'nobody' }] },
	};
	return RULES.map((name) => ({ name, matches: [{ path: `/${name}` }], ...parts[name] }));
}
