/**
 * Whether an answer is what a case expects: the suite's `CompareRoundTrip` (conformance/utils/http/http.go), and for gRPC
 * its `compareResponse` (conformance/utils/grpc/grpc.go), and the headers that came to the backend besides. What differs is
 * said in words; `''` is a pass.
 */
import type { Echo } from './echo-origin.ts';
import type { Expectation, ForwardedRequest, Redirect } from './suite.ts';

export interface Answer {
	readonly status: number;
	/** By name in lower case, the values of several lines joined with `,`. */
	readonly headers: Readonly<Record<string, string>>;
	/** `null`: the body was no echo. */
	readonly echo: Echo | null;
}

/** What was asked, with all placeholders filled in. */
export interface Asked {
	readonly scheme: string;
	readonly host: string;
	/** With its query. */
	readonly path: string;
	/** The echo server of mesh tests knows no namespace. */
	readonly isMesh: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

export function differenceOf(expect: Expectation, asked: Asked, answer: Answer): string {
	if (expect.must_not_be_status !== undefined) return mustFail(expect.must_not_be_status, answer);
	const statuses = expect.status_any_of ?? [200];
	if (isTimeout(answer.status) && statuses.some(isTimeout)) return '';
	if (!statuses.includes(answer.status)) return `status ${answer.status}, not ${statuses.join(' or ')}`;
	if (answer.status === 200 || answer.status === 204) return deliveredDifference(expect, asked, answer);
	if (answer.status >= 300 && answer.status < 400 && expect.redirect) {
		return redirectDifference(expect.redirect, asked, answer);
	}
	return '';
}

/** The codes of gRPC for statuses of HTTP (grpc/doc/http-grpc-status-mapping.md). */
const CODES: Readonly<Record<number, number>> = {
	400: 13,
	401: 16,
	403: 7,
	404: 12,
	429: 14,
	502: 14,
	503: 14,
	504: 14,
};
const UNKNOWN = 2;

export function grpcDifference(expect: Expectation, asked: Asked, answer: Answer): string {
	const wanted = expect.grpc_status ?? 0;
	const said = answer.headers['grpc-status'];
	const code = said === undefined ? (answer.status === 200 ? 0 : (CODES[answer.status] ?? UNKNOWN)) : Number(said);
	if (expect.must_not_be_status !== undefined) return code === 0 ? 'gRPC status 0, not a failure' : '';
	if (code !== wanted) return `gRPC status ${code} (HTTP ${answer.status}), not ${wanted}`;
	if (code !== 0) return '';
	const { echo } = answer;
	if (echo === null) return 'no backend answered';
	const forwarded = expect.forwarded_request;
	const headers = forwarded === undefined ? '' : headersDifference(forwarded, echo);
	return pathDifference(asked.path, echo) || headers || originDifference(expect, echo, false);
}

// --- 200 and 204 -----------------------------------------------------------------------------------------------------

function deliveredDifference(expect: Expectation, asked: Asked, answer: Answer): string {
	const response = responseDifference(expect, answer);
	if (response !== '') return response;
	// Whoever answers without a body does not tell what came to it.
	if (answer.echo === null) return answer.status === 204 ? '' : 'no backend answered';
	return forwardedDifference(expect, answer.echo) || originDifference(expect, answer.echo, asked.isMesh);
}

function forwardedDifference({ forwarded_request: wanted }: Expectation, echo: Echo): string {
	if (wanted === undefined) return '';
	if (wanted.sni && wanted.sni !== echo.sni)
		return `forwarded to the server name \`${echo.sni}\`, not \`${wanted.sni}\``;
	if (wanted.host && wanted.host !== echo.host) return `forwarded host \`${echo.host}\`, not \`${wanted.host}\``;
	const path = pathDifference(wanted.path, echo);
	if (path !== '') return path;
	if (wanted.method !== echo.method) return `forwarded method ${echo.method}, not ${wanted.method}`;
	return headersDifference(wanted, echo);
}

function pathDifference(wanted: string, echo: Echo): string {
	return echo.path === (wanted === '' ? '/' : wanted) ? '' : `forwarded path \`${echo.path}\`, not \`${wanted}\``;
}

function headersDifference({ headers, absent_headers }: ForwardedRequest, echo: Echo): string {
	for (const [name, value] of Object.entries(headers)) {
		const got = echo.headers[name.toLowerCase()];
		if (got === undefined) return `no forwarded header \`${name}\``;
		if (got.join(',') !== value) return `forwarded header \`${name}: ${got.join(',')}\`, not \`${value}\``;
	}
	const present = absent_headers.find((name) => echo.headers[name.toLowerCase()] !== undefined);
	return present === undefined ? '' : `forwarded header \`${present}\`, which is to be absent`;
}

function originDifference(expect: Expectation, echo: Echo, isMesh: boolean): string {
	const namespace = expect.namespace ?? '';
	if (namespace !== echo.namespace && !(isMesh && namespace === '')) {
		return `backend in namespace \`${echo.namespace}\`, not \`${namespace}\``;
	}
	const prefix = expect.backend_prefix ?? '';
	return echo.pod.startsWith(prefix) ? '' : `backend \`${echo.pod}\`, not \`${prefix}\``;
}

function responseDifference(expect: Expectation, { headers }: Answer): string {
	const shown = (text: string): string => (expect.ignore_whitespace === true ? text.replaceAll(' ', '') : text);
	for (const [name, value] of Object.entries(expect.response_headers ?? {})) {
		const got = headers[name.toLowerCase()];
		if (got === undefined) return `no header \`${name}\``;
		if (shown(got) !== shown(String(value))) return `header \`${name}: ${got}\`, not \`${value}\``;
	}
	for (const [name, values] of Object.entries(expect.response_header_any_of ?? {})) {
		const got = headers[name.toLowerCase()];
		if (got === undefined) return `no header \`${name}\``;
		if (!values.some((value) => shown(value) === shown(got))) {
			return `header \`${name}: ${got}\`, not one of \`${values.join('`, `')}\``;
		}
	}
	const present = (expect.response_absent_headers ?? []).find((name) => headers[name.toLowerCase()] !== undefined);
	return present === undefined ? '' : `header \`${present}\`, which is to be absent`;
}

// --- others ----------------------------------------------------------------------------------------------------------

function redirectDifference(wanted: Redirect, asked: Asked, { headers }: Answer): string {
	const location = headers['location'] ?? '';
	const base = `${asked.scheme}://${asked.host}${asked.path}`;
	if (location === '' || !URL.canParse(location, base)) return `no Location that can be read: \`${location}\``;
	const got = new URL(location, base);
	const scheme = got.protocol.slice(0, -1);
	const wantedScheme = wanted.scheme ?? asked.scheme;
	if (wanted.host !== undefined && wanted.host !== got.hostname) return `redirected to host of \`${location}\``;
	if (scheme !== wantedScheme) return `redirected to scheme of \`${location}\`, not ${wantedScheme}`;
	// A URL drops the default port of its scheme.
	const port = got.port === '' ? (DEFAULT_PORTS[scheme] ?? '') : got.port;
	const wantedPort = wanted.port ?? DEFAULT_PORTS[scheme] ?? '';
	if (port !== wantedPort) return `redirected to port of \`${location}\`, not ${wantedPort}`;
	const wantedPath = wanted.path ?? new URL(base).pathname;
	return got.pathname === wantedPath ? '' : `redirected to path of \`${location}\`, not \`${wantedPath}\``;
}

/** `MakeRequestAndExpectFailure`: a timeout is no such failure. */
function mustFail(forbidden: number, { status }: Answer): string {
	return status === forbidden || isTimeout(status) ? `status ${status}, not a failure` : '';
}

function isTimeout(status: number): boolean {
	return status === 408 || status === 504;
}
