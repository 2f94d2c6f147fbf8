import { describe, expect, it } from 'vitest';
import { RecordedSink } from '../../src/discovery/recorded-sink.ts';
import { RecordingSink } from './recording-sink.ts';

describe('the record of what a source tells', () => {
	it('counts every word, and has each reason in the log once', () => {
		const counts = { ok: 0, failed: 0 };
		const lines: string[] = [];
		const note = (fields: Record<string, unknown>, message: string) => {
			lines.push(`${message} ${JSON.stringify(fields)}`);
		};
		const inner = new RecordingSink();
		const sink = new RecordedSink({
			service: 'pay',
			sink: inner,
			recorder: { discovered: (_, result) => counts[result]++ },
			log: { debug: note, info: note, warn: note, error: note },
		});
		sink.failed('a');
		sink.failed('a');
		sink.update([]);
		sink.failed('a');
		sink.failed('b');
		expect(counts).toEqual({ ok: 1, failed: 4 });
		expect(inner).toMatchObject({ updates: [''], failures: ['a', 'a', 'a', 'b'] });
		expect(lines).toEqual([
			'no endpoints were found {"service":"pay","reason":"a"}',
			'endpoints were found again {"service":"pay","endpoints":0}',
			'no endpoints were found: the last good ones stay {"service":"pay","reason":"a","kept":0}',
			'no endpoints were found: the last good ones stay {"service":"pay","reason":"b","kept":0}',
		]);
	});
});
