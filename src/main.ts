/** The process's edge: argv in, exit code out. Nothing imports this file. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { EXIT } from './cli/exit-codes.ts';
import { runCommandLine } from './cli/program.ts';

// Compiled code is kept between runs: a start takes half the time.
enableCompileCache();

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
	version: string;
};

try {
	process.exitCode = await runCommandLine(process.argv.slice(2), version);
} catch (error) {
	process.stderr.write(`outrigger: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
	process.exitCode = EXIT.internal;
}
process.exit();
