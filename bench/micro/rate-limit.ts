/** What a rate limit costs a request: `node bench/micro/run.ts rate-limit`. The same whether the table is full or not. */
import { BucketTable } from '../../src/resilience/bucket-table.ts';

const KEYS = 10_000;
const keys = Array.from({ length: KEYS * 2 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
const flow = { requests: 100, per: 1000, burst: 20 };
const quiet = new BucketTable(flow, KEYS);
const flooded = new BucketTable(flow, KEYS);
const drained = new BucketTable({ requests: 1, per: 1e9, burst: 0 }, KEYS);

let call = 0;
/** A hundredth of a millisecond from one request to the next. */
const now = () => call * 0.01;

export const cases = [
	{ name: 'taken, 1,000 keys in turn', fn: () => quiet.take(keys[call++ % 1000] as string, now()) },
	{
		name: 'taken, each time a key that the full table must make room for',
		fn: () => flooded.take(keys[call++ % keys.length] as string, now()),
	},
	{ name: 'refused', fn: () => drained.take('one', now()) },
];
