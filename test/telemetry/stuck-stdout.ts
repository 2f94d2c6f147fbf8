/** Child process of a test: logs to a stdout that nobody reads, and says on stderr how the event loop fared. */
import { LogStream } from '../../src/telemetry/log-stream.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';

const LINES_PER_TURN = 200;
const TURNS = 200;

const stream = new LogStream({
	destination: 'stdout',
	timers: new ManualTimers(new ManualClock()),
	maxBufferedBytes: 1_000_000,
});
const line = `${'x'.repeat(499)}\n`;
let longestTurnMs = 0;
for (let turn = 0; turn < TURNS; turn++) {
	const start = performance.now();
	for (let i = 0; i < LINES_PER_TURN; i++) stream.write(line);
	await new Promise((resolve) => setImmediate(resolve));
	longestTurnMs = Math.max(longestTurnMs, performance.now() - start);
}
await stream.close();
process.stderr.write(`${JSON.stringify({ longestTurnMs, dropped: stream.dropped })}\n`);
process.exit(0);
