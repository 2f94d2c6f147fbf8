/** What a request is told apart by (`loadBalancer.hash`), as a number: requests of one number go to one endpoint. */
import type { Random } from '../clock.ts';
import type { HashKey } from '../config/service-config.ts';
import { cookieValue, nextCookie } from '../http/cookie.ts';
import { FieldId } from '../http/field-id.ts';
import type { RequestHead } from '../http/head.ts';
import { firstQueryValue } from '../http/query.ts';
import { hashOfText } from './hash.ts';

const RANGE = 2 ** 32;

/**
 * 32 bits. A request without the field, cookie or parameter belongs to none: it gets a number of its own, as in Envoy, so
 * that those do not all meet at one endpoint.
 */
export function hashOf(head: RequestHead, sourceAddress: string, key: HashKey, random: Random): number {
	const value = key.by === 'sourceIp' ? sourceAddress : textOf(head, key.by, key.name);
	return value === undefined || value === '' ? (random.next() * RANGE) >>> 0 : hashOfText(value);
}

function textOf(head: RequestHead, by: 'header' | 'cookie' | 'query', name: string): string | undefined {
	if (by === 'header') return head.headers.get(name);
	if (by === 'query') return firstQueryValue(head.query, name);
	const line = head.headers.first(FieldId.cookie);
	const at = line === undefined ? -1 : nextCookie(line, name, 0);
	return line === undefined || at < 0 ? undefined : cookieValue(line, at);
}
