import { describe, expect, it } from 'vitest';
import { FieldId } from '../../src/http/field-id.ts';
import type { HeaderList } from '../../src/http/header-list.ts';
import { parsedHeaders, SHAPES } from './parsed-headers.ts';

const FIELDS = [
	['Host', 'a'],
	['X-One', '1'],
	['Cookie', 'c=1'],
	['x-one', '2'],
	['Cookie', 'c=2'],
] as const;

function entries(list: HeaderList): string[] {
	const lines: string[] = [];
	list.forEach((name, value) => {
		lines.push(`${name.toLowerCase()}=${value}`);
	});
	return lines;
}

describe.each(SHAPES)('a header list, %s', (_, make) => {
	it('finds fields by name and by id, first one first', () => {
		const list = make(FIELDS);
		expect(list.size).toBe(5);
		expect(list.get('host')).toBe('a');
		expect(list.first(FieldId.cookie)).toBe('c=1');
		expect(list.get('x-one')).toBe('1');
		expect(list.getAll('x-one')).toEqual(['1', '2']);
		expect(list.getAll('cookie')).toEqual(['c=1', 'c=2']);
		expect(list.get('x')).toBeUndefined();
		expect(list.has('x-two')).toBe(false);
	});

	it('remembers what came, whatever is edited, where it has a text', () => {
		const list = make([
			['User-Agent', 'curl'],
			['user-agent', 'other'],
		]);
		const [came, absent] = [list.received(FieldId.userAgent), list.received(FieldId.cookie)];
		expect([came, absent]).toEqual(['curl', undefined]);
		list.set('user-agent', 'edited');
		list.append('cookie', 'a=b');
		const isParsed = list.text !== '';
		expect(list.received(FieldId.userAgent)).toBe(isParsed ? 'curl' : 'edited');
		expect(list.received(FieldId.cookie)).toBe(isParsed ? undefined : 'a=b');
	});

	it('removes every field of a name, and keeps the order of the others', () => {
		const list = make(FIELDS);
		list.remove('x-one');
		list.removeId(FieldId.cookie);
		expect(entries(list)).toEqual(['host=a']);
		expect(list.size).toBe(1);
		expect(list.get('x-one')).toBeUndefined();
		expect(list.first(FieldId.cookie)).toBeUndefined();
	});

	it('replaces all fields of a name by one at the end', () => {
		const list = make(FIELDS);
		list.set('x-one', '3');
		list.set('x-one', '4');
		expect(entries(list)).toEqual(['host=a', 'cookie=c=1', 'cookie=c=2', 'x-one=4']);
	});

	it('clones what is live, for good', () => {
		const list = make(FIELDS);
		list.remove('cookie');
		list.append('b', '5');
		const copy = list.clone();
		list.reset();
		expect(list.size).toBe(0);
		expect(entries(copy)).toEqual(['host=a', 'x-one=1', 'x-one=2', 'b=5']);
	});
});

describe('a parsed header list', () => {
	it('keeps the case of names', () => {
		const names = parsedHeaders(FIELDS)
			.clone()
			.added.filter((_, i) => i % 2 === 0);
		expect(names).toEqual(['Host', 'X-One', 'Cookie', 'x-one', 'Cookie']);
	});

	it('counts a field that is removed twice once', () => {
		const list = parsedHeaders(FIELDS);
		list.removeAt(1);
		list.removeAt(1);
		expect(list.size).toBe(4);
		expect(list.isRemoved(1)).toBe(true);
	});

	it('grows without losing a span', () => {
		const many = Array.from({ length: 40 }, (_, i) => [`x-${i}`, String(i)] as const);
		const list = parsedHeaders(many);
		expect(list.get('x-0')).toBe('0');
		expect(list.get('x-39')).toBe('39');
	});

	it('joins the lines of one name, parsed and added', () => {
		const list = parsedHeaders([
			['X-One', '1'],
			['Cookie', 'a=1'],
			['x-one', '2'],
			['Cookie', 'b=2'],
		]);
		expect(list.joined('x-one')).toBe('1,2');
		expect(list.joined('cookie')).toBe('a=1,b=2');
		expect(list.joined('x-two')).toBeUndefined();
		list.append('X-ONE', '3');
		expect(list.joined('x-one')).toBe('1,2,3');
		list.remove('x-one');
		expect(list.joined('x-one')).toBeUndefined();
	});
});
