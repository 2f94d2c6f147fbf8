import { describe, expect, it } from 'vitest';
import { restartIssues } from '../../src/app/restart-only.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { EffectiveParts } from '../../src/config/effective-parts.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { type ParsedConfig, parseConfig } from '../../src/config/parse-config.ts';

const SERVICE = 'hostnames: [payments], endpoints: [{ address: "10.0.0.7:80" }]';

function parse(more: string): ParsedConfig {
	const text = `app: { port: 8080, zone: a }\ninbound: { listen: 8000 }\n${more}`;
	const parsed = parseConfig(text, 'r.yaml', () => undefined);
	if (!parsed.ok) throw new Error(parsed.issues.map((issue) => formatIssue(issue)).join('\n'));
	return parsed;
}

/** What keeps the second file from being taken over, with its place. */
function refusals(running: string, next: string): string[] {
	const { config, provenance } = parse(next);
	const effective = EffectiveParts.of(effectiveConfig(provenance));
	return restartIssues(parse(running).config, config, effective, 'r.yaml').map(
		({ file, line, path, message }) => `${file}:${line} ${path}: ${message}`,
	);
}

const services = (entry: string): string =>
	`services:\n  payments.shop: { ${SERVICE}${entry} }\n  other: { endpoints: [] }\n`;

describe('the port of a service', () => {
	const REFUSED = '`services.payments.shop.listen` cannot be changed without a restart';
	const of = (port: number): string => `, listen: 127.0.0.1:${port}`;

	it.each([
		['is another', services(of(7001)), services(of(7002)), 4],
		['is new', services(''), services(of(7001)), 4],
		['is gone', services(of(7001)), services(''), 4],
		['comes with its service', '', services(of(7001)), 4],
		['goes with its service', services(of(7001)), '', 1],
	])('takes a restart when it %s', (_, running, next, line) => {
		expect(refusals(running, next)).toEqual([`r.yaml:${line} services.payments.shop.listen: ${REFUSED}`]);
	});

	it('is nothing to refuse a file for that changes the rest of the service', () => {
		const running = services(of(7001));
		expect(refusals(running, running.replace('10.0.0.7:80', '10.0.0.8:80'))).toEqual([]);
		expect(refusals(running, `${running}  more: { endpoints: [] }\n`)).toEqual([]);
	});
});

it('names a key that is gone by what it stood in', () => {
	const listen = 'outbound: { listen: 127.0.0.1:15001 }\nprobes: { listen: 9902 }\n';
	expect(refusals(listen, 'outbound: { listen: 127.0.0.1:15002 }\n')).toEqual([
		'r.yaml:3 outbound.listen: `outbound.listen` cannot be changed without a restart',
		'r.yaml:1 probes: `probes` cannot be changed without a restart',
	]);
});
