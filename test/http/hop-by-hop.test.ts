import { describe, expect, it } from 'vitest';
import { RequestHead, ResponseHead } from '../../src/http/head.ts';
import type { HeaderList } from '../../src/http/header-list.ts';
import { stripRequestHopByHop, stripResponseHopByHop } from '../../src/http/hop-by-hop.ts';
import { type Field, SHAPES } from './parsed-headers.ts';

describe.each(SHAPES)('hop-by-hop fields, %s', (_, make) => {
	function left(fields: readonly Field[], strip = stripped): string[] {
		return namesOf(strip(make(fields)));
	}

	it('end here, whatever Connection says', () => {
		expect(
			left([
				['A', '1'],
				['Connection', 'close'],
				['Keep-Alive', 'timeout=5'],
				['Proxy-Connection', 'keep-alive'],
				['Transfer-Encoding', 'chunked'],
				['Upgrade', 'websocket'],
				['TE', 'trailers'],
				['HTTP2-Settings', 'AAMAAABk'],
				['Z', '2'],
			]),
		).toEqual(['a', 'z']);
	});

	it('are those that Connection names, too, in any case, over several fields', () => {
		expect(
			left([
				['X-One', '1'],
				['Connection', 'x-ONE ,, X-Two,close'],
				['x-two', '2'],
				['X-Two', '3'],
				['Connection', 'X-Three'],
				['X-Three', '4'],
				['X-Four', '5'],
			]),
		).toEqual(['x-four']);
	});

	it('are never the framing, the host, or what proxies before us said', () => {
		const kept: Field[] = [
			['Host', 'a'],
			['Content-Length', '3'],
			['Forwarded', 'for=1.2.3.4'],
			['X-Forwarded-For', '1.2.3.4'],
			['X-Forwarded-Proto', 'https'],
			['X-Forwarded-Host', 'b'],
			['X-Forwarded-Client-Cert', 'By=x'],
		];
		const names = kept.map(([name]) => name);
		expect(left([['Connection', names.join(', ')], ...kept])).toEqual(names.map((name) => name.toLowerCase()));
	});

	it('do not include Trailer, which describes what passes', () => {
		expect(left([['Trailer', 'X-Sum']])).toEqual(['trailer']);
	});

	it('end here in responses likewise', () => {
		const response = (list: HeaderList) => {
			const head = Object.assign(new ResponseHead(), { headers: list });
			stripResponseHopByHop(head);
			return head.headers;
		};
		expect(
			left(
				[
					['Connection', 'X-Internal'],
					['X-Internal', '1'],
					['Keep-Alive', 'timeout=5'],
					['Server', 's'],
				],
				response,
			),
		).toEqual(['server']);
	});
});

function stripped(list: HeaderList): HeaderList {
	const head = Object.assign(new RequestHead(), { headers: list });
	stripRequestHopByHop(head);
	return head.headers;
}

function namesOf(list: HeaderList): string[] {
	return list
		.clone()
		.added.filter((_, i) => i % 2 === 0)
		.map((name) => name.toLowerCase());
}
