/** Parts of a case that this runner neither sends nor compares: without a look at them a pass would mean little. */
import type { ConformanceCase } from './suite.ts';

/** By where they stand; those of TLS concern only cases that are not sent. Notes and names of where a case is from are idle. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
	'': [
		...['id', 'proto', 'name', 'request', 'expect', 'target', 'tls', 'expected_weights', 'row', 'subtest'],
		...['source', 'http1_request', 'upstream_check', 'upstream_args'],
	],
	request: [
		...['method', 'host', 'path', 'headers', 'body', 'protocol', 'follow_redirects', 'echo_set_headers'],
		...['authority', 'metadata', 'message_hex', 'sni', 'tls_server_name'],
	],
	expect: [
		...['status_any_of', 'must_not_be_status', 'grpc_status', 'forwarded_request', 'backend_prefix', 'namespace'],
		...['response_headers', 'response_header_any_of', 'response_absent_headers', 'ignore_whitespace', 'redirect'],
		...['mirrored_to', 'note'],
	],
	'expect.forwarded_request': ['host', 'path', 'method', 'headers', 'absent_headers', 'sni'],
	'expect.redirect': ['scheme', 'host', 'port', 'path'],
	target: ['gateway', 'namespace', 'listeners', 'routes'],
};

/** `''` when every part that says something is known, else which one is not. */
export function unknownPart(one: ConformanceCase): string {
	for (const [place, known] of Object.entries(KNOWN)) {
		const names = place === '' ? [] : place.split('.');
		const part = names.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), one);
		if (!isRecord(part)) continue;
		const unknown = Object.keys(part).find((name) => !known.includes(name) && isSaid(part[name]));
		if (unknown !== undefined) return `\`${[...names, unknown].join('.')}\` is not known here`;
	}
	return '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

/** Empty and absent parts ask for nothing. */
function isSaid(value: unknown): boolean {
	if (isRecord(value)) return Object.keys(value).length > 0;
	return value !== undefined && value !== null && value !== '' && value !== false;
}
