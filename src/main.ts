/** The process's edge: argv in, exit code out. Nothing imports this file. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { EXIT } from './cli/exit-codes.ts';
import { runCommandLine } from './cli/program.ts';
import { StandardOutput } from './cli/standard-output.ts';

// Compiled code is kept between runs: a start takes half the time.
enableCompileCache();

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
	version: string;
};
const argv = process.argv.slice(2);
const output = new StandardOutput([process.stdout, process.stderr]);

try {
	process.exitCode = await runCommandLine(argv, version);
} catch (error) {
	process.stderr.write(`outrigger: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
	process.exitCode = EXIT.internal;
}
const fault = await output.flushed(argv[0] ?? '');
if (fault !== '') {
	process.stderr.write(`outrigger: the output cannot be written: ${fault}\n`);
	process.exitCode = EXIT.internal;
}
process.exit();
