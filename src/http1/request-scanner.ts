/** What scans the start of a request: lent to a connection from the first byte of a head to its last, which mostly come together. */
import { ProxyError } from '../error.ts';
import { EmptyLines } from './empty-lines.ts';
import { HeadReader } from './head-reader.ts';
import { RequestLine } from './request-line.ts';
import { SPARE_PARSERS, Spares } from './spares.ts';

export class RequestScanner {
	readonly emptyLines = new EmptyLines();
	readonly line = new RequestLine();
	readonly head = new HeadReader(this.line, false, blameClient);
}

const spares = new Spares<RequestScanner>(SPARE_PARSERS);

export function takeScanner(): RequestScanner {
	return spares.take() ?? new RequestScanner();
}

/** Its head is complete. One that has failed, or waits for more, is kept. */
export function giveScanner(scanner: RequestScanner): void {
	spares.give(scanner);
}

export function blameClient(detail: string, isLimit: boolean): ProxyError {
	return new ProxyError(isLimit ? 'head_too_large' : 'bad_request', detail);
}
