import { Cluster } from './cluster.ts';
import { unsendable } from './request-of.ts';
import { runTest } from './run-test.ts';
import { loadConformance } from './suite.ts';
const suite = loadConformance();
const cluster = await Cluster.start(suite);
const only = process.argv.slice(2);
let pass=0, fail=0, un=0;
for (const test of suite.tests) {
	if (only.length && !only.includes(test.short_name)) continue;
	const cases = test.cases.filter((c) => unsendable(c) === '');
	un += test.cases.length-cases.length;
	if (!cases.length) { console.log('----', test.short_name, test.kind, test.cases.length, test.cases[0] ? unsendable(test.cases[0]):''); continue; }
	const t0=performance.now();
	try {
		const r = await runTest(test, cases, { suite, cluster });
		const bad = r.filter((x) => x.difference);
		pass+=r.length-bad.length; fail+=bad.length;
		console.log(bad.length ? 'FAIL' : 'ok', test.short_name, r.length, Math.round(performance.now()-t0)+'ms', bad.map((b) => `\n     ${b.id}: ${b.difference}`).join(''));
	} catch (e) { fail+=cases.length; console.log('ERR', test.short_name, String(e).slice(0, 700)); }
}
console.log({pass,fail,un});
await cluster.stop();
process.exit();
