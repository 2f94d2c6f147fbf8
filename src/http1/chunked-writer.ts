/** The chunked coding, written (RFC 9112 §7.1). The caller puts a CRLF behind the data and joins the parts into as few writes as it can. */
import type { HeaderList } from '../http/header-list.ts';

export const LAST_CHUNK = '0\r\n\r\n';

/** The line before a chunk of so many bytes, of which there must be some: 0 would end the body. */
export function chunkHeader(bytes: number): string {
	return `${bytes.toString(16)}\r\n`;
}

/** The last chunk with its trailers. */
export function writeTrailers(trailers: HeaderList): string {
	let text = '0\r\n';
	trailers.forEach((name, value) => {
		text += `${name}: ${value}\r\n`;
	});
	return `${text}\r\n`;
}
