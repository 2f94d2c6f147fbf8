/**
 * A client certificate as an element of `x-forwarded-client-cert`, as Envoy writes it (Envoy's documentation, "HTTP header
 * manipulation"): `By=…;Hash=…;Subject="…";URI=…;DNS=…`. Made once a connection.
 *
 * What stands in a certificate was written by whoever asked for it, and this is a list of lists of pairs in a header: all
 * that could end a value, an element or the field is quoted or escaped. Two things differ from Envoy's own code, which writes
 * values as they are: a URI or DNS name with `,`, `;`, `=` or `"` in it is quoted, as Envoy's documentation asks for; and a
 * backslash in a subject is `\5C`, not `\\`, so that one that ends it hides no quote from simple readers.
 */

/** What the header tells of a certificate. */
export interface CertificateFacts {
	/** SPIFFE id of our own certificate on that connection; `''` without one. */
	readonly by: string;
	/** SHA-256 of the certificate's DER form: 64 hexadecimal digits of either case, with colons between the bytes or without. */
	readonly hash: string;
	/**
	 * One relative name a line, in the order of the certificate, the attributes of one joined by ` + `, values escaped as in
	 * RFC 2253: `O=Shop\nCN=web`. That is how OpenSSL prints it in several lines; `''` when it has none.
	 */
	readonly subject: string;
	readonly uris: readonly string[];
	readonly dnsNames: readonly string[];
}

const NEEDS_QUOTES = /[,;="]/;
/** What is no visible ASCII, which a header value could not carry, and the backslash, which would escape a quote. */
const NOT_PLAIN = /[^!-[\]-~]/gu;
/** The same in a subject, where blanks are at home and pairs of backslash and character have a meaning. */
const NOT_PLAIN_IN_SUBJECT = /\\\\|[^ -~]/gu;
/** A quote that is not escaped, after all pairs before it. */
const BARE_QUOTE = /(\\.)|"/g;

export function certificateElement({ by, hash, subject, uris, dnsNames }: CertificateFacts): string {
	const pairs: string[] = [];
	if (by !== '') pairs.push(`By=${textOf(by)}`);
	pairs.push(`Hash=${hash.replaceAll(':', '').toLowerCase()}`);
	pairs.push(`Subject="${subjectOf(subject)}"`);
	// As Envoy does: a certificate without a URI says so.
	if (uris.length === 0) pairs.push('URI=');
	for (const uri of uris) pairs.push(`URI=${textOf(uri)}`);
	for (const name of dnsNames) pairs.push(`DNS=${textOf(name)}`);
	return pairs.join(';');
}

function textOf(text: string): string {
	const plain = text.replace(NOT_PLAIN, (char) => hexOf(char, '%'));
	return NEEDS_QUOTES.test(plain) ? `"${plain.replaceAll('"', '\\"')}"` : plain;
}

/** RFC 2253 §2.1: the last relative name first. */
function subjectOf(lines: string): string {
	const names = lines.split('\n').reverse();
	const name = names.map((line) => line.split(' + ').reverse().join('+')).join(',');
	return name
		.replace(NOT_PLAIN_IN_SUBJECT, (found) => (found === '\\\\' ? '\\5C' : hexOf(found, '\\')))
		.replace(BARE_QUOTE, (found) => (found === '"' ? '\\"' : found));
}

/** The bytes of a character's UTF-8 form, each behind a mark. */
function hexOf(char: string, mark: string): string {
	let text = '';
	for (const byte of new TextEncoder().encode(char)) {
		text += `${mark}${byte.toString(16).toUpperCase().padStart(2, '0')}`;
	}
	return text;
}
