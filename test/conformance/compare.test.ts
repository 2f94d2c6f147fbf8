import { describe, expect, it } from 'vitest';
import { type Answer, type Asked, differenceOf, grpcDifference } from './compare.ts';
import { isWithinShare, weightsDifference } from './distribution.ts';
import type { Echo } from './echo-origin.ts';
import type { Expectation, ForwardedRequest, Redirect } from './suite.ts';

const ECHO: Echo = {
	path: '/a?b=c',
	host: 'a.example',
	method: 'GET',
	proto: 'HTTP/1.1',
	headers: { 'x-one': ['1'], 'x-two': ['1', '2'] },
	httpPort: '3000',
	namespace: 'infra',
	ingress: '',
	service: '',
	pod: 'v1-0',
	sni: 'a.example',
};
const FORWARDED: ForwardedRequest = { host: null, path: '/a?b=c', method: 'GET', headers: {}, absent_headers: [] };
const ASKED: Asked = { scheme: 'http', host: 'a.example', path: '/a?b=c', isMesh: false };

function answer(status: number, headers: Record<string, string> = {}, echo: Echo | null = ECHO): Answer {
	return { status, headers, echo };
}

function expecting(more: Expectation, forwarded: Partial<ForwardedRequest> = {}): Expectation {
	return { status_any_of: [200], forwarded_request: { ...FORWARDED, ...forwarded }, namespace: 'infra', ...more };
}

function forwarding(forwarded: Partial<ForwardedRequest>): Expectation {
	return { forwarded_request: { ...FORWARDED, ...forwarded }, namespace: 'infra' };
}

function passes(expectation: Expectation, given: Answer, asked: Partial<Asked> = {}): boolean {
	return differenceOf(expectation, { ...ASKED, ...asked }, given) === '';
}

describe('a status', () => {
	it.each([
		[[200], 200, true],
		[[200], 404, false],
		[[500, 503], 503, true],
		[[500, 503], 502, false],
		[[504], 408, true],
		[[408], 504, true],
		[[200], 504, false],
		[[404], 404, true],
	])('of %j expected: %d passes: %s', (status_any_of, status, isPass) => {
		expect(passes(expecting({ status_any_of }), answer(status))).toBe(isPass);
	});

	it.each([
		[503, true],
		[404, true],
		[200, false],
		[504, false],
		[408, false],
	])('that must not be 200: %d passes: %s', (status, isPass) => {
		expect(passes({ must_not_be_status: 200 }, answer(status))).toBe(isPass);
	});
});

describe('what was forwarded', () => {
	it.each<[string, Partial<ForwardedRequest>, boolean]>([
		['as it is', {}, true],
		['host', { host: 'a.example' }, true],
		['another host', { host: 'b.example' }, false],
		['another path', { path: '/a' }, false],
		['another method', { method: 'POST' }, false],
		['a header, whatever its case', { headers: { 'X-One': '1' } }, true],
		['a header with another value', { headers: { 'X-One': '2' } }, false],
		['lines of a header, joined', { headers: { 'X-Two': '1,2' } }, true],
		['one line of two', { headers: { 'X-Two': '1' } }, false],
		['a header that is missing', { headers: { 'X-Three': '' } }, false],
		['no header of a name', { absent_headers: ['X-Three'] }, true],
		['no header of a name that is there', { absent_headers: ['X-ONE'] }, false],
		['a server name of TLS', { sni: 'a.example' }, true],
		['another server name', { sni: 'b.example' }, false],
		['no server name', { sni: null }, true],
	])('%s', (_, forwarded, isPass) => {
		expect(passes(expecting({}, forwarded), answer(200))).toBe(isPass);
	});

	it.each<[string, Expectation, boolean]>([
		['a pod by the prefix of its name', { backend_prefix: 'v1' }, true],
		['any pod', { backend_prefix: '' }, true],
		['another pod', { backend_prefix: 'v2' }, false],
		['another namespace', { namespace: 'mesh' }, false],
		['no namespace', { namespace: null }, false],
	])('to %s', (_, more, isPass) => {
		expect(passes(expecting(more), answer(200))).toBe(isPass);
	});

	it('in a mesh need not tell its namespace', () => {
		expect(passes(expecting({ namespace: '' }), answer(200), { isMesh: true })).toBe(true);
		expect(passes(expecting({ namespace: 'mesh' }), answer(200), { isMesh: true })).toBe(false);
	});

	it('is not known when nobody echoes: 204 may be without a body, 200 not', () => {
		expect(passes(expecting({ status_any_of: [204] }), answer(204, {}, null))).toBe(true);
		expect(passes(expecting({}), answer(200, {}, null))).toBe(false);
	});

	it('is not looked at when it was refused', () => {
		expect(passes(expecting({ status_any_of: [404] }, { path: '/other' }), answer(404, {}, null))).toBe(true);
	});
});

describe('headers of a response', () => {
	it.each<[string, Expectation, Record<string, string>, boolean]>([
		['equal', { response_headers: { 'X-A': '1,2' } }, { 'x-a': '1,2' }, true],
		['another value', { response_headers: { 'X-A': '1' } }, { 'x-a': '1,2' }, false],
		['missing', { response_headers: { 'X-A': '1' } }, {}, false],
		['equal but for spaces', { response_headers: { 'X-A': '1, 2' }, ignore_whitespace: true }, { 'x-a': '1,2' }, true],
		['unequal for spaces', { response_headers: { 'X-A': '1, 2' } }, { 'x-a': '1,2' }, false],
		['one of several', { response_header_any_of: { 'X-A': ['1', '2'] } }, { 'x-a': '2' }, true],
		['none of several', { response_header_any_of: { 'X-A': ['1', '2'] } }, { 'x-a': '3' }, false],
		['none at all', { response_header_any_of: { 'X-A': ['1', '2'] } }, {}, false],
		['absent', { response_absent_headers: ['X-A'] }, {}, true],
		['present', { response_absent_headers: ['X-A'] }, { 'x-a': '' }, false],
	])('%s', (_, more, headers, isPass) => {
		expect(passes(expecting(more), answer(200, headers))).toBe(isPass);
	});
});

describe('a redirect', () => {
	it.each<[string, Redirect, string, boolean]>([
		['to where it was asked', {}, 'http://a.example/a', true],
		['in words of the request', {}, '/a', true],
		['to another path than asked', {}, '/b', false],
		['to a path', { path: '/b' }, '/b', true],
		['to any host when none is said', {}, 'http://b.example/a', true],
		['to a host', { host: 'b.example' }, 'http://b.example/a', true],
		['to another host', { host: 'b.example' }, 'http://c.example/a', false],
		['to another scheme than asked', {}, 'https://a.example/a', false],
		['to a scheme', { scheme: 'https' }, 'https://a.example/a', true],
		['to the default port', {}, 'http://a.example:80/a', true],
		['to the default port of another scheme', { scheme: 'https' }, 'https://a.example:443/a', true],
		['to the wrong default port', { scheme: 'https' }, 'https://a.example:80/a', false],
		['to a port', { port: '8080' }, 'http://a.example:8080/a', true],
		['without the port', { port: '8080' }, 'http://a.example/a', false],
		['to a port that nobody wanted', {}, 'http://a.example:8080/a', false],
		['nowhere', {}, '', false],
	])('%s', (_, redirect, location, isPass) => {
		expect(passes(expecting({ status_any_of: [302], redirect }), answer(302, { location }, null))).toBe(isPass);
	});
});

describe('an answer to gRPC', () => {
	it.each<[string, Expectation, Answer, boolean]>([
		['from the backend', { backend_prefix: 'v1', namespace: 'infra' }, answer(200), true],
		['from another backend', { backend_prefix: 'v2', namespace: 'infra' }, answer(200), false],
		['that should be a refusal', { grpc_status: 12 }, answer(200), false],
		['404: UNIMPLEMENTED', { grpc_status: 12 }, answer(404, {}, null), true],
		['503: UNAVAILABLE', { grpc_status: 14 }, answer(503, {}, null), true],
		['with a status of its own', { grpc_status: 7 }, answer(200, { 'grpc-status': '7' }, null), true],
		['418: UNKNOWN', { grpc_status: 2 }, answer(418, {}, null), true],
		['of nobody', {}, answer(200, {}, null), false],
		['to headers that were forwarded', forwarding({ headers: { 'X-Two': '1,2' } }), answer(200), true],
		['to a header that was not forwarded', forwarding({ headers: { 'X-Three': '' } }), answer(200), false],
		['to a header that was to be removed', forwarding({ absent_headers: ['X-One'] }), answer(200), false],
	])('%s', (_, expectation, given, isPass) => {
		expect(grpcDifference(expectation, ASKED, given) === '').toBe(isPass);
	});
});

describe('shares', () => {
	const pods = (v1: number, v2: number, v3 = 0): string[] => [
		...Array.from({ length: v1 }, () => 'v1-0'),
		...Array.from({ length: v2 }, () => 'v2-1'),
		...Array.from({ length: v3 }, () => 'v3-0'),
	];
	const weights = { v1: 0.7, v2: 0.3, v3: 0 };

	it.each([
		[pods(350, 150), true],
		[pods(374, 126), true],
		[pods(376, 124), false],
		[pods(326, 174), true],
		[pods(350, 149, 1), false],
		[[...pods(350, 149), 'HTTP 503'], false],
	])('by weights: %#', (given, isPass) => {
		expect(weightsDifference(weights, given) === '').toBe(isPass);
	});

	it.each([
		[100, 0.2, true],
		[126, 0.2, true],
		[127, 0.2, false],
		[74, 0.2, true],
		[73, 0.2, false],
		[0, 0, true],
		[1, 0, false],
		[500, 1, true],
		[499, 1, false],
	])('of a mirror: %d of 500 at %d', (count, share, isPass) => {
		expect(isWithinShare(count, 500, share)).toBe(isPass);
	});
});
