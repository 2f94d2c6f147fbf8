import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEFT_OUT } from './load-suite.ts';
import { conformanceReport } from './report.ts';

if (LEFT_OUT !== '') {
	console.error(LEFT_OUT);
	process.exitCode = 1;
} else writeFileSync(join(import.meta.dirname, '../../docs/http-conformance.md'), conformanceReport());
