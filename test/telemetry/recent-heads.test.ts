import { describe, expect, it } from 'vitest';
import { RecentHeads } from '../../src/telemetry/recent-heads.ts';
import { exchangeRecord } from './exchange-record.ts';

const text = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const targets = (heads: RecentHeads): (string | undefined)[] => heads.list().map((head) => head.text.split(' ')[1]);

describe('recent heads', () => {
	it('come newest first, with what became of them', () => {
		const heads = new RecentHeads();
		heads.record(exchangeRecord({ headText: text('/1'), route: 'r', status: 404 }));
		heads.record(exchangeRecord({ headText: text('/2'), side: 'outbound' }));
		expect(targets(heads)).toEqual(['/2', '/1']);
		heads.record(exchangeRecord({ headText: text('/3'), side: 'outbound', portService: 'b' }));
		expect(heads.list()).toMatchObject([
			{ service: 'b' },
			{ side: 'outbound', service: '' },
			{ side: 'inbound', route: 'r', status: 404 },
		]);
	});

	it('are the last 256', () => {
		const heads = new RecentHeads();
		for (let i = 0; i < 1000; i++) heads.record(exchangeRecord({ headText: text(`/${i}`) }));
		expect(targets(heads)).toEqual(Array.from({ length: 256 }, (_, i) => `/${999 - i}`));
	});

	it('leave out what had no head', () => {
		const heads = new RecentHeads();
		heads.record(exchangeRecord({ headText: '' }));
		expect(heads.list()).toEqual([]);
	});

	it('are cut behind a whole line when they are long', () => {
		const heads = new RecentHeads();
		const fields = Array.from({ length: 200 }, (_, i) => `x-${i}: ${'v'.repeat(40)}\r\n`).join('');
		heads.record(exchangeRecord({ headText: text('/long', fields) }));
		const [head] = heads.list();
		expect(head?.text.length).toBeLessThanOrEqual(4096);
		expect(head?.text.length).toBeGreaterThan(4000);
		expect(text('/long', fields).startsWith(head?.text.slice(0, -2) ?? '-')).toBe(true);
		expect(head?.text).toMatch(/\r\nx-\d+: v{40}\r\n\r\n$/);
	});

	it('hold no text whose first line alone is too long', () => {
		const heads = new RecentHeads();
		heads.record(exchangeRecord({ headText: text(`/${'x'.repeat(5000)}`) }));
		expect(heads.list()).toEqual([]);
	});

	it('are a list of its own, which later requests do not change', () => {
		const heads = new RecentHeads();
		heads.record(exchangeRecord({ headText: text('/1') }));
		const list = heads.list();
		for (let i = 0; i < 256; i++) heads.record(exchangeRecord({ headText: text('/2') }));
		expect(list[0]?.text).toBe(text('/1'));
	});
});
