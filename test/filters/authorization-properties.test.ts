import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, filterOf, holds, type Written, type WrittenLists } from './authorization-parts.ts';

const RUNS = { numRuns: 2000 };
const maybe = <T>(values: fc.Arbitrary<readonly T[]>) => fc.oneof(fc.constant([] as readonly T[]), values);
const some = <T>(...values: readonly T[]) => maybe(fc.subarray([...values], { minLength: 1, maxLength: 2 }));
const value = fc.constantFrom('a', 'b', 'ab', '');

const written: fc.Arbitrary<Written> = fc.record({
	principals: some('spiffe://t/ns/a/sa/x', 'spiffe://t/ns/b/*', '*/x', '*'),
	namespaces: some('a', 'b*', '*'),
	methods: some('GET', 'PUT'),
	paths: some('/a', '/a/*', '*b', '/*', '*'),
	headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('a', 'a*', '*b', '*'), { maxKeys: 2 }),
	sources: some('10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32'),
});
const lists: fc.Arbitrary<WrittenLists> = fc.record({
	deny: fc.array(written, { maxLength: 3 }),
	allow: fc.oneof(fc.constant(null), fc.array(written, { maxLength: 3 })),
});
const request = fc.record({
	principal: fc.constantFrom('', 'spiffe://t/ns/a/sa/x', 'spiffe://t/ns/b/sa/y', 'spiffe://t/x'),
	method: fc.constantFrom('GET', 'PUT', 'POST'),
	path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/b'),
	fields: fc.dictionary(fc.constantFrom('x-a', 'x-b', 'x-c'), value),
	peer: fc.constantFrom('10.0.0.1', '10.1.0.1', '11.0.0.1', '2001:db8::1', '::ffff:10.1.2.3'),
});
type Plain = typeof request extends fc.Arbitrary<infer T> ? T : never;

function asRequest({ principal, method, path, fields, peer }: Plain) {
	const lines = Object.entries(fields).map(([name, text]) => `${name}: ${text}`);
	return ask(`${method} ${path}`, lines, { principal, peer });
}

/** What is written, said once more without any thought of speed or odd requests. */
function isDenied({ deny = [], allow = null }: WrittenLists, asked: Plain): boolean {
	const has = (one: Written) => entryHolds(one, asked);
	return deny.some(has) || !(allow === null || allow.some(has));
}

function entryHolds(one: Written, { principal, method, path, fields, peer }: Plain): boolean {
	const anyOf = (patterns: readonly string[] = [], text = '') => patterns.length === 0 || patterns.some(like(text));
	const namespace = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/[^/]+$/.exec(principal)?.[1] ?? '';
	const nets: Record<string, RegExp> = {
		'10.0.0.0/8': /^(::ffff:)?10\./,
		'10.1.0.0/16': /^(::ffff:)?10\.1\./,
		'2001:db8::/32': /^2001:db8:/,
	};
	const sources = one.sources ?? [];
	return (
		anyOf(one.principals, principal) &&
		anyOf(one.namespaces, namespace) &&
		anyOf(one.methods, method) &&
		anyOf(one.paths, path) &&
		Object.entries(one.headers ?? {}).every(([name, pattern]) => like(fields[name] ?? '')(pattern)) &&
		(sources.length === 0 || sources.some((net) => nets[net]?.test(peer)))
	);
}

function like(text: string): (pattern: string) => boolean {
	return (pattern) => {
		const source = pattern.split('*').map((part) => part.replace(/[.\\/]/g, '\\$&'));
		return text !== '' && new RegExp(`^${source.join('.*')}$`).test(text);
	};
}

describe('authorization', () => {
	it('decides as the naive reading of its lists does', () => {
		fc.assert(
			fc.property(lists, request, (all, asked) => {
				expect(filterOf(all).decide(asRequest(asked)).refusal !== null).toBe(isDenied(all, asked));
			}),
			RUNS,
		);
	});

	it('never lets more in when an entry is added to deny, nor when one is taken from allow', () => {
		fc.assert(
			fc.property(lists, written, request, (all, one, asked) => {
				const allow = all.allow ?? [];
				const before = filterOf({ deny: all.deny ?? [], allow: [...allow, one] }).decide(asRequest(asked)).refusal;
				if (before === null) return;
				const narrower = { deny: [...(all.deny ?? []), one], allow };
				expect(filterOf(narrower).decide(asRequest(asked)).refusal).not.toBeNull();
			}),
			RUNS,
		);
	});

	it('lets nobody without identity in by principal or namespace', () => {
		fc.assert(
			fc.property(fc.array(written, { maxLength: 4 }), request, (allow, asked) => {
				const byIdentity = allow.filter(({ principals, namespaces }) => (principals ?? namespaces ?? []).length > 0);
				const { refusal } = filterOf({ allow: byIdentity }).decide(asRequest({ ...asked, principal: '' }));
				expect(refusal).not.toBeNull();
			}),
			RUNS,
		);
	});
});

/** Between two segments: ways to write a slash. */
const slash = fc.constantFrom(
	'/',
	'//',
	'/./',
	'\\',
	'%2F',
	'%2f',
	'%5C',
	'/x/../',
	'%2Fx%2F..%2F',
	'/x;a/..;b/',
	'/%2F',
);
const parameter = fc.constantFrom('', '', '', ';', ';a=b', '%3Ba');
/** How often a character is escaped, and with which digits. */
const escaped = fc.tuple(fc.constantFrom(0, 0, 0, 1, 2, 3), fc.boolean());

/** `path` as a stranger may write it, so that an app that is lenient enough serves the same. */
function respelled(path: string) {
	const segments = path.slice(1).split('/');
	const parts = fc.tuple(
		fc.array(fc.tuple(slash, parameter), { minLength: segments.length, maxLength: segments.length }),
	);
	return fc.tuple(parts, fc.array(escaped, { minLength: 200, maxLength: 200 })).map(([[choices], escapes]) => {
		let text = '';
		segments.forEach((segment, index) => {
			const [between = '/', after = ''] = choices[index] ?? [];
			text += `${between}${segment}${after}`;
		});
		let i = 0;
		const written = text.replace(/[^%/\\]|%[0-9a-f]{2}/gi, (char) => {
			const [times, isLower] = escapes[i++ % escapes.length] ?? [0, false];
			return escaping(char, times, isLower);
		});
		return written.startsWith('/') ? written : `/${written}`;
	});
}

function escaping(char: string, times: number, isLower: boolean): string {
	let text = char;
	for (let round = 0; round < times; round++) {
		const digits = text.charCodeAt(0).toString(16).padStart(2, '0');
		text = `%${isLower ? digits : digits.toUpperCase()}${text.slice(1)}`;
	}
	return text;
}

describe('a path', () => {
	const denied: readonly (readonly [pattern: string, path: string])[] = [
		['/admin', '/admin'],
		['/admin*', '/admin/users'],
		['/admin/*', '/admin/users/7'],
		['*.php', '/a/index.php'],
		['/a,b', '/a,b'],
		['/a%20b/*', '/a%20b/c'],
		['*', '/x'],
	];

	it.each(denied)('that %j refuses stays refused, as %j or however it is written', (pattern, path) => {
		fc.assert(
			fc.property(respelled(path), (text) => {
				const request = ask(`GET ${text}`);
				expect([text, request.head.path, holds('deny', { paths: [pattern] }, request)]).toEqual([
					text,
					request.head.path,
					true,
				]);
			}),
			RUNS,
		);
	});

	it.each([
		'/..',
		'%2F..',
		'%5C..',
		'/%252e%252e',
		'/.%2525252e',
		'/..;',
		'/..%3Ba',
		'%2F..;',
		'/%2F..',
		'//%2F..%2F..',
	])('that an allow list leaves out is not let in through what it lets in and %j', (wayOut) => {
		const allow = [{ paths: ['/public/*'] }];
		for (const [between, path] of [
			['/', 'admin'],
			['%2F', 'a/b'],
			['%252f', '%61dmin'],
			['/', ''],
		]) {
			const request = ask(`GET /public${wayOut}${between}${path}`);
			expect([request.head.path, filterOf({ allow }).decide(request).refusal === null]).toEqual([
				request.head.path,
				false,
			]);
		}
	});

	it('as long as heads may be takes no time that counts, escaped however often', () => {
		const filter = filterOf({ deny: Array.from({ length: 50 }, (_, i) => ({ paths: [`/x${i}`] })) });
		for (const part of ['%25', '%2F', '/..;', '%2525', '//', ';/', '%2e%2e%2F']) {
			const request = ask(`GET /${part.repeat(16_000 / part.length)}`);
			const before = performance.now();
			filter.decide(request);
			expect([part, performance.now() - before < 100]).toEqual([part, true]);
		}
	});
});
