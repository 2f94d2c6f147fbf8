/** What a request is told apart by (`loadBalancer.hash`), as a number: requests of one number go to one endpoint. */
import type { Random } from '../clock.ts';
import type { HashKey } from '../config/service-config.ts';
import { firstCookie } from '../http/cookie.ts';
import type { RequestHead } from '../http/head.ts';
import { firstQueryValue } from '../http/query.ts';
import { fieldOf } from '../routing/conditions.ts';
import { hashOfText } from './hash.ts';

const RANGE = 2 ** 32;

/**
 * 32 bits. A header field that came several times counts with all its values. A request without the field, cookie or
 * parameter, or with an empty one, belongs to none: it gets a number of its own, as in Envoy, so that those do not all meet
 * at one endpoint. `sourceAddress`: without a port; `''` where there is none (a Unix socket).
 */
export function hashOf(head: RequestHead, sourceAddress: string, key: HashKey, random: Random): number {
	const value = key.by === 'sourceIp' ? sourceAddress : textOf(head, key.by, key.name);
	return value === undefined || value === '' ? (random.next() * RANGE) >>> 0 : hashOfText(value);
}

function textOf(head: RequestHead, by: 'header' | 'cookie' | 'query', name: string): string | undefined {
	if (by === 'header') return fieldOf(head, name);
	return by === 'cookie' ? firstCookie(head.headers, name) : firstQueryValue(head.query, name);
}
