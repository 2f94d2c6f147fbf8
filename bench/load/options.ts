/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { CASE_IDS } from './plan.ts';

export interface Options {
	readonly quick: boolean;
	readonly list: boolean;
	readonly only: readonly string[] | null;
	readonly cases: readonly string[] | null;
	readonly outrigger: string | undefined;
	readonly extraPeers: readonly string[];
	readonly extraPorts: readonly string[];
	readonly runs: number | null;
	readonly seconds: number | null;
	readonly keepAwake: boolean;
	readonly out: string | null;
	readonly from: string | null;
	readonly writeReadme: boolean;
}

export const USAGE = `npm run bench -- [options]
  --quick               under two minutes: one throughput case, latency, memory, start; short runs
  --only A,B            only these peers
  --case A,B            only these cases
  --list                the peers found here, how to get the others, and the cases
  --outrigger "CMD"     run this project with CMD (default: bin/outrigger, which takes what was built unless the sources are newer)
  --peer NAME="CMD"     measure another proxy as well; {port} and {origin} in CMD stand for port numbers (repeatable)
  --peer-port N         … which listens on this port; the n-th goes with the n-th --peer
  --runs N              runs of each case, and rounds of latency
  --seconds N           length of each run
  --no-keep-awake       let idle cores halt in the latency runs
  --out FOLDER          write the result there instead of bench/results
  --from FILE           measure nothing; print and plot an earlier result
  --write-readme        put the tables into bench/README.md
`;

/** Throws with what is wrong. */
export function parseOptions(argv: string[]): Options {
	const { values } = parseArgs({
		args: argv,
		allowNegative: true,
		options: {
			quick: { type: 'boolean', default: false },
			list: { type: 'boolean', default: false },
			help: { type: 'boolean', short: 'h', default: false },
			only: { type: 'string' },
			case: { type: 'string' },
			outrigger: { type: 'string' },
			peer: { type: 'string', multiple: true, default: [] },
			'peer-port': { type: 'string', multiple: true, default: [] },
			runs: { type: 'string' },
			seconds: { type: 'string' },
			'keep-awake': { type: 'boolean', default: true },
			out: { type: 'string' },
			from: { type: 'string' },
			'write-readme': { type: 'boolean', default: false },
		},
	});
	if (values.help) throw new Error(USAGE);
	const cases = commaList(values.case);
	const unknown = cases?.find((id) => !CASE_IDS.includes(id));
	if (unknown !== undefined) throw new Error(`unknown case ${unknown}; there are: ${CASE_IDS.join(', ')}`);
	return {
		quick: values.quick,
		list: values.list,
		only: commaList(values.only),
		cases,
		outrigger: values.outrigger,
		extraPeers: values.peer,
		extraPorts: values['peer-port'],
		runs: positive('--runs', values.runs),
		seconds: positive('--seconds', values.seconds),
		keepAwake: values['keep-awake'],
		out: values.out ?? null,
		from: values.from ?? null,
		writeReadme: values['write-readme'],
	};
}

function commaList(text: string | undefined): string[] | null {
	if (text === undefined) return null;
	return text
		.split(',')
		.map((part) => part.trim())
		.filter((part) => part !== '');
}

function positive(name: string, text: string | undefined): number | null {
	if (text === undefined) return null;
	const value = Number(text);
	if (!Number.isInteger(value) || value < 1) throw new Error(`${name} wants a whole number of at least 1, not ${text}`);
	return value;
}
