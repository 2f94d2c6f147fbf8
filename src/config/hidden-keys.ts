/**
 * Private keys that stand in a file by mistake. What is said of the file must not spread them: issues are printed in CI, go
 * into logs, and are shown at the admin port.
 */

/**
 * Up to its end, or that of the text: half a key is a secret as well. No key is as long as this, and a repetition without
 * bounds would use up the stack where a file is one long line.
 */
const MARKED = /(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)((?:(?!-----END)[\s\S]){0,32768})/g;
/** As long as a line of PEM, with those that follow: a body without its marks, or what Kubernetes keeps in a Secret. */
const ENCODED = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{60,32768}(?:(?:\s|\\[nr]){1,64}[A-Za-z0-9+/=]{16,76}){0,512}/g;
/** Base64 of a PEM file, or of the DER of a key or certificate, and nothing else. */
const ENCODED_ALONE = /^\s*(?:LS0tLS1CRUdJTi|M[CHI])[A-Za-z0-9+/=\s]{58,}$/;

/** The same text, as long as before, with stars for what may be a private key. */
export function hideKeys(text: string): string {
	const hidden = text.includes('PRIVATE KEY') ? text.replace(MARKED, (_, mark, body) => mark + starred(body)) : text;
	return hidden.replace(ENCODED, (run) => (isRandom(run) ? starred(run) : run));
}

/** For a place where a path belongs, which may be long. */
export function isKeyText(text: string): boolean {
	return text.includes('-----BEGIN') || ENCODED_ALONE.test(text);
}

/** Long paths and hosts are of the same characters, and hardly ever of all kinds of them. */
function isRandom(run: string): boolean {
	return /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run);
}

function starred(text: string): string {
	return text.replace(/\S+/g, (word) => '*'.repeat(word.length));
}
