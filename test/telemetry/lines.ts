/** Collects what is written to a log, in memory. */
import type { LineWriter } from '../../src/telemetry/log-stream.ts';

export class Lines implements LineWriter {
	text = '';

	write(line: string): void {
		this.text += line;
	}

	/** Each line parsed; fails on anything that is not one JSON object a line. */
	json(): Record<string, unknown>[] {
		return this.text
			.split('\n')
			.slice(0, -1)
			.map((line) => JSON.parse(line) as Record<string, unknown>);
	}
}
