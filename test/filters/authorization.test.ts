import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import { ask, filterOf, holds, WEB, type Written, type WrittenLists } from './authorization-parts.ts';

const LISTS = ['deny', 'allow'] as const;

describe('the lists of an authorization', () => {
	const get = ask('GET /a', [], { principal: WEB });
	it.each<[string, WrittenLists, boolean, string]>([
		['no list lets everybody in', {}, true, ''],
		['deny alone lets others in', { deny: [{ paths: ['/b'] }] }, true, ''],
		['deny refuses', { deny: [{ paths: ['/b'] }, { paths: ['/a'] }] }, false, '.deny[1]'],
		['an entry without conditions holds for all', { deny: [{}] }, false, '.deny[0]'],
		['allow lets in', { allow: [{ paths: ['/b'] }, { paths: ['/a'] }] }, true, '.allow[1]'],
		['an allow list that lets nobody in refuses', { allow: [{ paths: ['/b'] }] }, false, '.allow'],
		['an empty allow list refuses everybody', { allow: [] }, false, '.allow'],
		['deny comes before allow', { deny: [{ methods: ['GET'] }], allow: [{}] }, false, '.deny[0]'],
	])('%s', (_title, lists, isAllowed, by) => {
		const { refusal, by: decided } = filterOf(lists).decide(get);
		expect([refusal === null, decided]).toEqual([isAllowed, `inbound.authorization${by}`]);
	});

	it('refuse with a code that tells nothing, and a detail for the log that names entry and line', () => {
		const verdict = filterOf({ deny: [{}] }).onRequest(get);
		if (!(verdict instanceof ProxyError)) throw new Error('not refused');
		const { code, status, detail, setting } = verdict;
		expect([code, status, setting]).toEqual(['not_authorized', 403, undefined]);
		expect(detail).toBe('inbound.authorization.deny[0] (orders.yaml:7) refuses it');
		expect(get.deniedBy).toBe('inbound.authorization.deny[0]');
		expect(filterOf({ allow: [] }).decide(get).refusal?.detail).toBe(
			'no entry of inbound.authorization.allow lets it in',
		);
	});

	it('only report what they refuse in a dry run, each of them', () => {
		const request = ask('GET /a');
		expect(filterOf({ dryRun: true, deny: [{}] }).onRequest(request)).toBeNull();
		expect(filterOf({ dryRun: true, allow: [] }, 'inbound.routes[3].authorization').onRequest(request)).toBeNull();
		expect(filterOf({ dryRun: true, allow: [{}] }).onRequest(request)).toBeNull();
		expect(request.wouldBeDeniedBy).toBe('inbound.authorization.deny[0], inbound.routes[3].authorization.allow');
		expect(request.deniedBy).toBeUndefined();
	});

	it('make no decision anew', () => {
		const filter = filterOf({ deny: [{ paths: ['/a'] }], allow: [{}] });
		expect(filter.decide(ask('GET /a'))).toBe(filter.decide(ask('POST /a')));
		expect(filter.decide(ask('GET /b'))).toBe(filter.decide(ask('GET /c')));
	});
});

describe.each(LISTS)('an entry of %s', (list) => {
	const full: Written = {
		principals: ['spiffe://mesh.local/ns/shop/*'],
		namespaces: ['shop'],
		methods: ['GET', 'PUT'],
		paths: ['/a*', '/b'],
		headers: { 'x-team': 'a', 'x-env': '*' },
		sources: ['10.0.0.0/8'],
	};
	const fields = ['x-team: a', 'x-env: dev'];
	it.each<[string, boolean, ReturnType<typeof ask>]>([
		['holds when all conditions do', true, ask('GET /a/1', fields, { principal: WEB })],
		['takes one of the values of each', true, ask('PUT /b', fields, { principal: WEB })],
		['not for another principal', false, ask('GET /b', fields, { principal: 'spiffe://other/ns/shop/sa/web' })],
		['not without a principal', false, ask('GET /b', fields)],
		['not for another method', false, ask('POST /b', fields, { principal: WEB })],
		['not for another path', false, ask('GET /c', fields, { principal: WEB })],
		['not without a header', false, ask('GET /b', ['x-team: a'], { principal: WEB })],
		['not with an empty header', false, ask('GET /b', ['x-team: a', 'x-env:'], { principal: WEB })],
		['not with another value', false, ask('GET /b', ['x-team: b', 'x-env: 1'], { principal: WEB })],
		['not from elsewhere', false, ask('GET /b', fields, { principal: WEB, peer: '11.0.0.1' })],
	])('%s', (_title, expected, request) => {
		expect(holds(list, full, request)).toBe(expected);
	});

	it.each<[string, string, boolean]>([
		[WEB, WEB, true],
		['*', WEB, true],
		['spiffe://mesh.local/*', WEB, true],
		['*/sa/web', WEB, true],
		['spiffe://mesh.local/ns/shop/sa/we', WEB, false],
		['spiffe://MESH.local/*', WEB, false],
		['*', '', false],
		['spiffe://*', '', false],
		['*web', '', false],
		['', '', false],
	])('with principals [%j] takes %j: %j', (written, principal, expected) => {
		expect(holds(list, { principals: [written] }, ask('GET /', [], { principal }))).toBe(expected);
	});

	it.each<[string, string, boolean]>([
		['shop', WEB, true],
		['*', WEB, true],
		['sh*', WEB, true],
		['*', '', false],
		['*', 'spiffe://mesh.local/web', false],
		['shop', 'spiffe://mesh.local/x/ns/shop/sa/web', false],
		['shop', 'spiffe://mesh.local/ns/shop-2/sa/web', false],
	])('with namespaces [%j] takes %j: %j', (written, principal, expected) => {
		expect(holds(list, { namespaces: [written] }, ask('GET /', [], { principal }))).toBe(expected);
	});

	it('is asked for the path alone, not for the query', () => {
		expect(holds(list, { paths: ['/a'] }, ask('GET /a?b=/c'))).toBe(true);
		expect(holds(list, { paths: ['*/c'] }, ask('GET /a?b=/c'))).toBe(false);
		expect(holds(list, { paths: ['/a'] }, ask('GET http://db:443/x/../%61?b'))).toBe(true);
	});

	it('takes `OPTIONS *` where it is for every path', () => {
		const options = ask('OPTIONS *');
		const taken = ['*', '/*', '/a*', '/a', '*a'].filter((path) => holds(list, { paths: [path] }, options));
		expect(taken).toEqual(['*', '/*']);
	});

	it.each(['a:b', 'A:b', 'x-y: a'])('asks for the field that it names, whatever else %j is', (other) => {
		const pairs = ask('GET /', [other, 'X-Y: z']);
		expect(holds(list, { headers: { 'x-y': 'z' } }, pairs)).toBe(list === 'deny' || !other.startsWith('x-y'));
	});

	it('finds fields that the data path knows, and those that it has added', () => {
		const request = ask('GET /', ['content-type: text/html', 'x-request-id: 1']);
		request.head.headers.setId(12, '2');
		request.head.headers.append('X-Added', 'now');
		expect(holds(list, { headers: { 'content-type': 'text/*', 'x-request-id': '2', 'x-added': 'now' } }, request)).toBe(
			true,
		);
		expect(holds(list, { headers: { 'x-request-id': '1' } }, request)).toBe(false);
	});
});

describe('what can be read in more than one way counts against the caller', () => {
	/** Whether it holds for `deny`, and for `allow`. */
	const both = (written: Written, request: ReturnType<typeof ask>) =>
		LISTS.map((list) => holds(list, written, request));

	it.each<[string, readonly string[], readonly boolean[]]>([
		['one value', ['x-a: 1'], [true, true]],
		['the same value twice', ['x-a: 1', 'x-a: 1'], [true, true]],
		['another value first', ['x-a: 2', 'x-a: 1'], [true, false]],
		['another value last', ['x-a: 1', 'X-A: 2'], [true, false]],
		['an empty line beside it', ['x-a: 1', 'x-a:'], [true, false]],
		['a member of a list', ['x-a: 2 ,\t1 , 3'], [true, false]],
		['a part of a member', ['x-a: 2, 11'], [false, false]],
		['no value', ['x-b: 1'], [false, false]],
	])('in a field with %s', (_title, fields, expected) => {
		expect(both({ headers: { 'x-a': '1' } }, ask('GET /', fields))).toEqual(expected);
	});

	it('in a field that is hop-by-hop: it does not reach the app', () => {
		expect(both({ headers: { 'x-a': '1' } }, ask('GET /', ['connection: x-a', 'x-a: 1']))).toEqual([false, false]);
	});

	it('in the case of a method', () => {
		expect(both({ methods: ['DELETE'] }, ask('delete /'))).toEqual([true, false]);
		expect(both({ methods: ['DELETE'] }, ask('DELETE /'))).toEqual([true, true]);
	});

	it('in CONNECT, whose tunnel may lead to any path', () => {
		for (const path of ['/admin', '/*', '*', '*x']) {
			expect(both({ paths: [path] }, ask('CONNECT'))).toEqual([true, false]);
		}
		expect(both({ methods: ['CONNECT'] }, ask('CONNECT'))).toEqual([true, true]);
	});

	it('from an address that is none, as of a peer that is gone', () => {
		for (const peer of ['', 'unknown', '10.0.0', '/run/app.sock']) {
			expect(both({ sources: ['192.168.0.0/16'] }, ask('GET /', [], { peer }))).toEqual([true, false]);
		}
	});

	it.each<[string, string, string, readonly boolean[]]>([
		['/admin*', '/admin', 'as it is', [true, true]],
		['/admin*', '/admin/x', 'below', [true, true]],
		['/admin*', '/%61dmin', 'unreserved characters escaped', [true, true]],
		['/admin*', '/x/../admin', 'dot segments', [true, true]],
		['/admin*', '/x/%2e%2e/admin', 'escaped dot segments', [true, true]],
		['/admin*', '/x\\..\\admin', 'backslashes', [true, true]],
		['/admin*', '//admin', 'an empty segment before it', [true, false]],
		['/admin*', '/%2Fadmin', 'an escaped slash before it', [true, false]],
		['/admin*', '/%252fadmin', 'a slash escaped twice', [true, false]],
		['/admin*', '/%25252fadmin', 'a slash escaped three times', [true, false]],
		['/admin*', '/%2561dmin', 'a letter escaped twice', [true, false]],
		['/admin*', '/%25%36%31dmin', 'an escape in an escape', [true, false]],
		['/admin*', '/x%2F..%2Fadmin', 'dot segments between escaped slashes', [true, false]],
		['/admin*', '/x%5C..%5Cadmin', 'dot segments between escaped backslashes', [true, false]],
		['/admin*', '/a/%2F../admin', 'a dot segment after an empty one', [true, false]],
		['/admin*', '/x/..;/admin', 'a dot segment with a parameter', [true, false]],
		['/admin*', '/;a=b/admin', 'a parameter before it', [true, false]],
		['/admin', '/admin;a=b', 'a parameter behind it', [true, false]],
		['/admin', '/admin%3Ba=b', 'an escaped parameter behind it', [true, false]],
		['/a/b', '/a//b', 'slashes', [true, false]],
		['/a/b', '/a%2fb', 'an escaped slash in it', [true, false]],
		['/a,b', '/a%2Cb', 'a comma escaped', [true, false]],
		['/a%2Cb', '/a,b', 'a comma not escaped', [true, false]],
		['/a%2Fb', '/a%2fb', 'lower-case digits', [true, false]],
		['/a%2Fb', '/a/b', 'a slash not escaped', [true, false]],
		['/a%2Fb', '/a%2Fb', 'its own odd spelling', [true, true]],
		['/a%2Fb*', '/a%2Fb/c', 'its own odd spelling, and more', [true, true]],
		['/a//b', '/a//b', 'its own empty segment', [true, true]],
		['/a//*', '/a//b', 'its own empty segment, and more', [true, true]],
		['/a//*', '/a/b', 'slashes merged', [false, false]],
		['/a/*', '/a//b', 'slashes behind it', [true, true]],
		['/a/*', '/a/b%2Fc', 'an escaped slash behind it', [true, true]],
		['/a/*', '/a/b%2F..%2F..%2Fx', 'a way out of it', [true, false]],
		['*.php', '/x.php', 'as it is', [true, true]],
		['*.php', '/x.php;.css', 'a parameter behind it', [true, false]],
		['*.php', '/x.css;.php', 'a parameter that looks like it', [true, false]],
		['/admin*', '/Admin', 'another case', [false, false]],
		['/admin', '/admin/', 'a slash at the end', [false, false]],
		['/b*', '/a%2Fb', 'something else', [false, false]],
	])('where %j is asked for %s: %s', (written, path, _how, expected) => {
		expect(both({ paths: [written] }, ask(`GET ${path}`))).toEqual(expected);
	});
});

describe('connections that are no HTTP', () => {
	const caller = { principal: WEB, peerAddress: '10.0.0.9' };
	it.each<[string, WrittenLists, boolean]>([
		['no list', {}, true],
		['allow by principal', { allow: [{ principals: [WEB] }] }, true],
		['allow by another principal', { allow: [{ principals: ['spiffe://x/*'] }] }, false],
		['allow by principal and path: nobody can tell', { allow: [{ principals: [WEB], paths: ['*'] }] }, false],
		['allow by method', { allow: [{ methods: ['GET'] }] }, false],
		['deny by path: nobody can tell', { deny: [{ paths: ['/admin'] }] }, false],
		['deny by path and another principal', { deny: [{ principals: ['spiffe://x/*'], paths: ['/admin'] }] }, true],
		['deny by source', { deny: [{ sources: ['10.0.0.0/24'] }], allow: [{}] }, false],
	])('%s', (_title, lists, isAllowed) => {
		expect(filterOf(lists).decideConnection(caller).refusal === null).toBe(isAllowed);
	});
});
