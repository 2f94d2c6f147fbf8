import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import { judge, type Verdict } from './judge.ts';
import { conformanceReport } from './report.ts';
import { LEFT_OUT, loadConformance } from './suite.ts';

if (LEFT_OUT === '') await write();
else {
	console.error(LEFT_OUT);
	process.exitCode = 1;
}

async function write(): Promise<void> {
	const suite = loadConformance();
	const cluster = await Cluster.start(suite);
	const verdicts = new Map<string, readonly Verdict[]>();
	for (const test of suite.tests) verdicts.set(test.short_name, await judge(test, { suite, cluster }));
	await cluster.stop();
	const file = join(import.meta.dirname, '../../docs/gateway-api-conformance.md');
	writeFileSync(file, conformanceReport(suite, verdicts));
}
