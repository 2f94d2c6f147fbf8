/** What a certificate is asked for: ids, names and durations of the command line, or what is wrong with them. */
import { DURATION_PATTERN, parseDuration } from '../../config/duration.ts';
import { parseSpiffeId } from '../../config/spiffe-id.ts';
import { AUTHORITY_NAME } from './authority.ts';
import { CertsError } from './certs-error.ts';

const SCHEME = 'spiffe://';
const EXAMPLE_ID = 'spiffe://mesh.local/ns/shop/sa/web';
/** A leading dot would be a constraint to names below it; no other sign can begin or end a name of a host. */
const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9._-]{0,253}[a-z0-9])?$/;
const LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const DNS_NAME = new RegExp(`^(?=.{1,253}$)(\\*\\.)?${LABEL}(\\.${LABEL})*$`);
const ADDRESS = /^[0-9.]+$|:/;
/** Leaves room for what is added while a file is written: file systems take 255 bytes. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;
/** Certificates count in seconds. */
const SHORTEST_TTL_MS = 1000;

export function requestedTrustDomain(text: string): string {
	if (TRUST_DOMAIN.test(text)) return text;
	const bare = text
		.replace(/^spiffe:\/\//i, '')
		.replace(/\/+$/, '')
		.toLowerCase();
	const hint = TRUST_DOMAIN.test(bare) ? `; did you mean \`${bare}\`?` : '';
	throw new CertsError(
		`--trust-domain: ${quoted(text)} is no trust domain: expected a name such as \`mesh.local\` of a-z, 0-9, ".", "-" and "_"${hint}`,
	);
}

export interface RequestedId {
	readonly id: string;
	readonly trustDomain: string;
	/** After the last slash. */
	readonly lastSegment: string;
}

export function requestedId(text: string): RequestedId {
	const parsed = parseSpiffeId(text);
	if (!parsed.ok) throw new CertsError(`--id: ${quoted(text)} ${parsed.reason}: expected ${EXAMPLE_ID}${idHint(text)}`);
	if (parsed.path === '') {
		throw new CertsError(`--id: ${quoted(text)} is the trust domain itself, and no workload: expected ${EXAMPLE_ID}`);
	}
	const lastSegment = parsed.path.slice(parsed.path.lastIndexOf('/') + 1);
	return { id: text, trustDomain: parsed.trustDomain, lastSegment };
}

function idHint(text: string): string {
	const bare = text.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
	const slash = bare.indexOf('/');
	if (slash < 0) return '';
	const guess = `${SCHEME}${bare.slice(0, slash).toLowerCase()}${bare.slice(slash)}`;
	return parseSpiffeId(guess).ok ? `; did you mean \`${guess}\`?` : '';
}

export function requestedDns(names: readonly string[]): string[] {
	for (const name of names) {
		if (ADDRESS.test(name))
			throw new CertsError(`--dns: ${quoted(name)} is an address: expected a name such as web.shop.svc`);
		if (!DNS_NAME.test(name))
			throw new CertsError(`--dns: ${quoted(name)} is no DNS name: expected one such as web.shop.svc`);
	}
	return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** Milliseconds. */
export function requestedTtl(text: string): number {
	const millis = parseDuration(text);
	if (millis < 0) {
		throw new CertsError(
			`--ttl: ${quoted(text)} is no duration: expected one such as 24h or 1h30m (${DURATION_PATTERN})`,
		);
	}
	if (millis < SHORTEST_TTL_MS) throw new CertsError(`--ttl: ${quoted(text)} is too short: expected at least 1s`);
	return millis;
}

/** What the two files are called, without their endings. `name`: as given, `undefined` if it was not. */
export function requestedName(name: string | undefined, { lastSegment }: RequestedId): string {
	const chosen = name ?? lastSegment;
	const what = name === undefined ? `the files would be called ${quoted(chosen)}` : `--name: ${quoted(chosen)}`;
	// Some file systems tell no upper from lower case.
	if (chosen.toLowerCase() === AUTHORITY_NAME) throw new CertsError(`${what}, as the CA's are: give another --name`);
	if (FILE_NAME.test(chosen)) return chosen;
	throw new CertsError(`${what}: expected letters, digits, ".", "-" and "_", at most 200, with no "." or "-" in front`);
}

function quoted(text: string): string {
	return JSON.stringify(text);
}
