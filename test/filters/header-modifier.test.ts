import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderEdits } from '../../src/config/config.ts';
import { RequestHeaderModifier, ResponseHeaderModifier } from '../../src/filters/header-modifier.ts';
import { writeRequestHead } from '../../src/http1/write-head.ts';
import { type Field, SHAPES } from '../http/parsed-headers.ts';
import { fieldsOf, NO_EDITS, requestOf, responseOf } from './filtered-request.ts';

function written(edits: Partial<HeaderEdits>, ...lines: string[]): string[] {
	const request = requestOf(['GET /', 'Host: a', ...lines]);
	expect(new RequestHeaderModifier({ ...NO_EDITS, ...edits }).onRequest(request)).toBeNull();
	return writeRequestHead(request.head).split('\r\n').slice(2, -2);
}

describe('the request header modifier', () => {
	it('replaces every field of a name by one, written as the file has it', () => {
		const set = [{ name: 'X-Env', value: 'prod' }];
		expect(written({ set }, 'x-env: 1', 'b: 2', 'X-ENV: 3')).toEqual(['b: 2', 'X-Env: prod']);
		expect(written({ set }, 'b: 2')).toEqual(['b: 2', 'X-Env: prod']);
	});

	it('adds a line after what is there', () => {
		const add = [
			{ name: 'X-Tag', value: 'bar' },
			{ name: 'x-tag', value: 'baz' },
		];
		expect(written({ add }, 'x-tag: foo', 'b: 2')).toEqual(['x-tag: foo', 'b: 2', 'X-Tag: bar', 'x-tag: baz']);
	});

	it('removes names in any case, others stay as they came', () => {
		expect(written({ remove: ['x-debug', 'cookie'] }, 'X-Debug: 1', 'B:2', 'Cookie: c', 'x-debug-2: 3')).toEqual([
			'B:2',
			'x-debug-2: 3',
		]);
	});

	it('edits fields that the data path knows by number as it does others', () => {
		const set = [{ name: 'User-Agent', value: 'new' }];
		const add = [{ name: 'Cookie', value: 'b=2' }];
		expect(written({ set, add, remove: ['traceparent'] }, 'user-agent: old', 'cookie: a=1', 'traceparent: x')).toEqual([
			'cookie: a=1',
			'User-Agent: new',
			'Cookie: b=2',
		]);
	});

	it('does the same to each request: it keeps nothing', () => {
		const filter = new RequestHeaderModifier({ ...NO_EDITS, add: [{ name: 'a', value: '1' }] });
		for (let i = 0; i < 2; i++) {
			const request = requestOf(['GET /', 'host: a']);
			filter.onRequest(request);
			expect(fieldsOf(request.head.headers)).toEqual({ host: 'a', a: '1' });
		}
	});
});

describe('the response header modifier', () => {
	it('edits the response', () => {
		const head = responseOf([
			['Server', 'app'],
			['X-Powered-By', 'x'],
			['cache-control', 'private'],
		]);
		const edits = {
			set: [{ name: 'server', value: 'hidden' }],
			add: [{ name: 'cache-control', value: 'no-store' }],
			remove: ['x-powered-by'],
		};
		new ResponseHeaderModifier(edits).onResponse(head);
		expect(fieldsOf(head.headers)).toEqual({ server: 'hidden', 'cache-control': 'private,no-store' });
	});
});

/** Known to the data path, and not; in several cases. */
const NAME = fc.constantFrom('a', 'A', 'bb', 'bB', 'Cookie', 'cookie', 'x-request-id', 'X-Other', 'x-other', 'date');
const VALUE = fc.stringMatching(/^[!-~]{1,4}$/);
const LINES = fc.array(fc.tuple(NAME, VALUE), { maxLength: 8 });

/** Each name once in all of it, as the route file demands. */
const EDITS = fc
	.uniqueArray(fc.tuple(NAME, VALUE, fc.constantFrom('set', 'add', 'remove')), {
		maxLength: 6,
		selector: ([name]) => name.toLowerCase(),
	})
	.map((actions): HeaderEdits => {
		const of = (kind: string) => actions.filter(([, , action]) => action === kind);
		const values = (kind: string) => of(kind).map(([name, value]) => ({ name, value }));
		return { set: values('set'), add: values('add'), remove: of('remove').map(([name]) => name.toLowerCase()) };
	});

/** The Gateway API's words on plain lists of values by name. */
function edited(lines: readonly Field[], edits: HeaderEdits): Map<string, string[]> {
	const values = new Map<string, string[]>();
	const at = (name: string) => values.get(name.toLowerCase()) ?? [];
	for (const [name, value] of lines) values.set(name.toLowerCase(), [...at(name), value]);
	for (const { name, value } of edits.set) values.set(name.toLowerCase(), [value]);
	for (const { name, value } of edits.add) values.set(name.toLowerCase(), [...at(name), value]);
	for (const name of edits.remove) values.delete(name);
	return values;
}

describe.each(SHAPES)('header edits of %s fields', (_, make) => {
	it('do what the Gateway API says', () => {
		fc.assert(
			fc.property(LINES, EDITS, (lines, edits) => {
				const head = Object.assign(responseOf([]), { headers: make(lines) });
				new ResponseHeaderModifier(edits).onResponse(head);
				const expected = edited(lines, edits);
				for (const [name, values] of expected) expect(head.headers.getAll(name)).toEqual(values);
				expect(Object.keys(fieldsOf(head.headers)).sort()).toEqual([...expected.keys()].sort());
				expect(head.headers.size).toBe([...expected.values()].flat().length);
			}),
		);
	});
});
