/**
 * `npm run fuzz -- --seconds 600 --seed N`: mutated HTTP/1 messages through our parsers and llhttp. Ends with status 1 on
 * the first summary that has failures. The same seed makes the same inputs.
 */
import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';

const PROGRESS_MS = 10_000;
/** Inputs between two looks at the clock. */
const BATCH = 200;

const { values } = parseArgs({
	options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const seconds = Number(values.seconds);
const campaign = new Campaign(Number(values.seed));
const start = performance.now();
let nextProgress = PROGRESS_MS;

for (let elapsed = 0; elapsed < seconds * 1000 && !campaign.isHopeless; elapsed = performance.now() - start) {
	for (let i = 0; i < BATCH; i++) campaign.step(() => performance.now());
	if (elapsed < nextProgress) continue;
	nextProgress += PROGRESS_MS;
	console.error(
		`${Math.round(elapsed / 1000)} s: ${campaign.inputs} inputs, ${campaign.failures.size} kinds of failure`,
	);
}

const took = (performance.now() - start) / 1000;
console.log(`seed ${values.seed}: ${campaign.inputs} inputs, ${campaign.bytes} bytes in ${took.toFixed(1)} s`);
console.log(`${Math.round(campaign.inputs / took)} inputs/s`);
console.log(campaign.summary());
process.exitCode = campaign.failures.size === 0 ? 0 : 1;
