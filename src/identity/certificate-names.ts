/** The names in a certificate, from the texts that Node makes of them. */
import type { X509Certificate } from 'node:crypto';

export interface CertificateNames {
	readonly uris: readonly string[];
	readonly dnsNames: readonly string[];
}

/**
 * Subject alternative names. Node writes them as `URI:spiffe://…, DNS:web`, and quotes as JSON what has characters in it
 * that could be taken for another name.
 */
export function namesOf({ subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>): CertificateNames {
	const uris: string[] = [];
	const dnsNames: string[] = [];
	for (let at = 0; at < subjectAltName.length; ) {
		const colon = subjectAltName.indexOf(':', at);
		if (colon < 0) break;
		const type = subjectAltName.slice(at, colon);
		const { value, end } = valueAt(subjectAltName, colon + 1);
		if (type === 'URI') uris.push(value);
		else if (type === 'DNS') dnsNames.push(value);
		at = end + ', '.length;
	}
	return { uris, dnsNames };
}

function valueAt(text: string, from: number): { value: string; end: number } {
	if (text[from] !== '"') {
		const comma = text.indexOf(', ', from);
		const end = comma < 0 ? text.length : comma;
		return { value: text.slice(from, end), end };
	}
	let end = from + 1;
	while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
	end++;
	try {
		return { value: String(JSON.parse(text.slice(from, end))), end };
	} catch {
		// Not as documented: a name that nobody has.
		return { value: '', end };
	}
}
