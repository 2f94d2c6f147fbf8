/**
 * SPIFFE ids as text (SPIFFE-ID §2), read as strictly as go-spiffe reads them: nothing is decoded, lower-cased or mended,
 * so that two texts are the same identity if and only if they are equal.
 */

export type SpiffeId =
	| {
			readonly ok: true;
			readonly trustDomain: string;
			/** With its slash; `''`: the id of the trust domain itself. */
			readonly path: string;
	  }
	/** `reason`: what is wrong with it, to be said after the id. */
	| { readonly ok: false; readonly reason: SpiffeIdFault };

export type SpiffeIdFault =
	| 'is empty'
	| 'does not begin with spiffe:// (in lower case)'
	| 'is longer than 2048 bytes'
	| 'has no trust domain'
	| 'has a trust domain with other characters than a-z, 0-9, ".", "-" and "_"'
	| 'has a trust domain that is longer than 255 bytes'
	| 'has a path with an empty segment'
	| 'has a path with a dot segment'
	| 'has a path that ends in a slash'
	| 'has a path with other characters than A-Z, a-z, 0-9, ".", "-" and "_"';

const SCHEME = 'spiffe://';
/** SPIFFE-ID §2.3: what everybody must be able to read, and nobody may exceed. */
const MAX_ID_BYTES = 2048;
const MAX_TRUST_DOMAIN_BYTES = 255;
const NAMESPACE = '/ns/';
const SERVICE_ACCOUNT = '/sa/';

const TRUST_DOMAIN_CHAR = new Uint8Array(128);
const PATH_CHAR = new Uint8Array(128);
for (const c of 'abcdefghijklmnopqrstuvwxyz0123456789.-_') {
	TRUST_DOMAIN_CHAR[c.charCodeAt(0)] = 1;
	PATH_CHAR[c.charCodeAt(0)] = 1;
}
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') PATH_CHAR[c.charCodeAt(0)] = 1;

/** Time grows with the text up to the limit and no further. */
export function parseSpiffeId(text: string): SpiffeId {
	if (text === '') return refused('is empty');
	if (!text.startsWith(SCHEME)) return refused('does not begin with spiffe:// (in lower case)');
	// Characters are bytes: what is not ASCII is no id, however long.
	if (text.length > MAX_ID_BYTES) return refused('is longer than 2048 bytes');
	const slash = text.indexOf('/', SCHEME.length);
	const end = slash < 0 ? text.length : slash;
	if (end === SCHEME.length) return refused('has no trust domain');
	if (!hasOnly(TRUST_DOMAIN_CHAR, text, SCHEME.length, end)) {
		return refused('has a trust domain with other characters than a-z, 0-9, ".", "-" and "_"');
	}
	if (end - SCHEME.length > MAX_TRUST_DOMAIN_BYTES) {
		return refused('has a trust domain that is longer than 255 bytes');
	}
	const fault = faultOfPath(text, end);
	if (fault !== null) return refused(fault);
	return { ok: true, trustDomain: text.slice(SCHEME.length, end), path: text.slice(end) };
}

/** `ns` of a valid id of the form `spiffe://trust-domain/ns/<ns>/sa/<sa>`, as Istio and SPIRE make them; `''` of others. */
export function namespaceOf(id: string): string {
	if (!id.startsWith(SCHEME)) return '';
	const path = id.indexOf('/', SCHEME.length);
	if (path < 0 || !id.startsWith(NAMESPACE, path)) return '';
	const start = path + NAMESPACE.length;
	const end = id.indexOf('/', start);
	if (end <= start || !id.startsWith(SERVICE_ACCOUNT, end)) return '';
	const account = end + SERVICE_ACCOUNT.length;
	return account === id.length || id.indexOf('/', account) >= 0 ? '' : id.slice(start, end);
}

function refused(reason: SpiffeIdFault): SpiffeId {
	return { ok: false, reason };
}

function hasOnly(allowed: Uint8Array, text: string, start: number, end: number): boolean {
	for (let i = start; i < end; i++) {
		if (allowed[text.charCodeAt(i)] !== 1) return false;
	}
	return true;
}

/** Of the path from `start`, where a slash is; `null`: none. The first fault counts, from the left. */
function faultOfPath(text: string, start: number): SpiffeIdFault | null {
	for (let slash = start; slash < text.length; ) {
		const next = text.indexOf('/', slash + 1);
		const end = next < 0 ? text.length : next;
		const length = end - slash - 1;
		if (length === 0) return next < 0 ? 'has a path that ends in a slash' : 'has a path with an empty segment';
		if (!hasOnly(PATH_CHAR, text, slash + 1, end)) {
			return 'has a path with other characters than A-Z, a-z, 0-9, ".", "-" and "_"';
		}
		if (length <= 2 && text.slice(slash + 1, end).replaceAll('.', '') === '') return 'has a path with a dot segment';
		slash = end;
	}
	return null;
}
