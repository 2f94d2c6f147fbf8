/** An explanation for people: what happens first, then why, then why not otherwise, then the policy in force. */
import { forTerminal } from '../config/for-terminal.ts';
import { requestLine } from './asked-request.ts';
import type { Explanation, PolicyGroup, Winner } from './explain.ts';
import type { Loser, Losers, LossKind } from './losers.ts';
import type { Outcome } from './outcome.ts';
import { percent } from './steps.ts';

const INDENT = '  ';
/** Between two columns. */
const GAP = '  ';
/** A column is no wider than this because of one long entry. */
const MAX_COLUMN = 40;
/** Of a value whose origin stands behind it. */
const MAX_VALUE = 24;

/** Ends with a newline. */
export function explanationText(explanation: Explanation): string {
	const { request, winner, unmatched, outcome, losers, policy } = explanation;
	const { side, service = '' } = request;
	const way = service === '' ? side : `${side}, by the port of ${service}`;
	const lines = [`${requestLine(request)} (${way})`];
	if (winner !== null) lines.push(`→ rule ${winner.name} (${[winner.origin, winner.at].filter(Boolean).join(', ')})`);
	else if (unmatched !== '') lines.push(`→ no rule takes it: ${unmatched}`);
	lines.push(...whereLines(outcome).map((line) => `→ ${line}`));
	const sections = [
		winner === null ? '' : whySection(winner),
		section('What is done to it', table(stepRows(explanation))),
		losersSection(losers, winner),
		...policy.map(policySection),
	];
	return forTerminal(`${lines.join('\n')}\n${sections.filter((text) => text !== '').join('')}`);
}

function whereLines({ kind, status, code, location, why, backends, host }: Outcome): string[] {
	switch (kind) {
		case 'backends':
			return backends
				.filter((share) => share.percent > 0)
				.map(({ label, port, percent: share, invalid }) => {
					const part = share === 100 ? '' : `${percent(share)} `;
					if (invalid !== '') return `${part}500 no_backend: \`${label}\` ${invalid}`;
					return `${part}${label}${port === 0 ? '' : `, port ${port}`}${why === '' ? '' : `: ${why}`}`;
				});
		case 'answer':
			return [`answer ${status}${location === '' ? '' : ` location: ${location}`} (${why})`];
		case 'refused':
			return [[status ?? '', code].join(' ').trim() === '' ? why : `${[status ?? '', code].join(' ').trim()}: ${why}`];
		case 'passthrough':
			return [`the host itself, ${host}: ${why}`];
		case 'bytes':
			return [`forwarded as bytes: ${why}`];
	}
}

function whySection({ because, match, matches }: Winner): string {
	const which = matches > 1 ? ` (match ${match + 1} of ${matches})` : '';
	return section(`Why this rule${which}`, table(because.map(({ what, how }) => [what, how])));
}

function stepRows({ request, outcome }: Explanation): string[][] {
	const { steps, kind, host, path } = outcome;
	const rows = steps.map(({ what, detail }) => [what, detail]);
	const isChanged = host !== request.host || path !== request.path;
	if (isChanged && (kind === 'backends' || kind === 'passthrough')) {
		rows.push(['goes on as', requestLine({ method: request.method, host, path })]);
	}
	return rows;
}

function losersSection({ nearest, others }: Losers, winner: Winner | null): string {
	const rows = nearest.map((loser) => [loser.name, loser.at, whyOf(loser)]);
	const lines = table(rows);
	const counts = Object.entries(others) as [LossKind, number][];
	const more = counts.reduce((sum, [, count]) => sum + count, 0);
	if (more > 0) {
		const by = counts.sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} by ${SAID[kind]}`);
		lines.push(`${lines.length === 0 ? '' : 'and '}${more} more: ${by.join(', ')} (--all lists them)`);
	}
	return section(winner === null ? 'Why no rule takes it' : 'Why no other rule', lines);
}

const SAID: Readonly<Record<LossKind, string>> = {
	hostname: 'host',
	path: 'path',
	method: 'method',
	header: 'header',
	query: 'query parameter',
	'less specific': 'being less specific',
};

function whyOf({ why, matches }: Loser): string {
	return `${why.join('; ')}${matches > 1 ? ` (nearest of ${matches} matches)` : ''}`;
}

function policySection({ of, name, values }: PolicyGroup): string {
	const title = of === 'service' ? `Policy towards ${name}` : name === '' ? 'Policy' : `Policy of rule ${name}`;
	return section(
		title,
		table(
			values.map(({ key, value, from }) => [key, value, from]),
			[MAX_COLUMN, MAX_VALUE],
		),
	);
}

function section(title: string, lines: readonly string[]): string {
	return lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `${INDENT}${line}\n`).join('')}`;
}

/** Columns as wide as they need to be, within their caps; the last one runs free. */
export function table(rows: readonly (readonly string[])[], caps: readonly number[] = []): string[] {
	const columns = Math.max(0, ...rows.map((row) => row.length));
	const widths = Array.from({ length: columns - 1 }, (_, column) =>
		Math.min(caps[column] ?? MAX_COLUMN, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
	);
	return rows.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join(GAP)
			.trimEnd(),
	);
}
