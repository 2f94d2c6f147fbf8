/** The command line: which command there is, what it is told, and which file does it. Commands load when they are called. */
import { readdir, readFile, stat } from 'node:fs/promises';
import type { CommandIo } from './command-io.ts';
import { COMPILE_COMMAND } from './compile-file.ts';
import { ENDPOINTS_COMMAND } from './endpoint-lines.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Example:
  outrigger run routes/shop.yaml -- node examples/shop/shop.js`;

const RUN_HELP = `
Examples:
  outrigger run routes/example.yaml                              in front of an app that runs already
  outrigger run routes/shop.yaml -- node examples/shop/shop.js   starts the app as well, and ends with it`;

/** Runs the command that argv names; resolves to the exit code. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<number> {
	const [command, file, separator, ...rest] = argv;
	if (command === COMPILE_COMMAND) return (await import('./compile-entry.ts')).compileEntry(file ?? '');
	if (command === ENDPOINTS_COMMAND) return (await import('./compile-entry.ts')).endpointsEntry(argv.slice(1));
	// The usual way to run needs no parser of options: without it the sidecar is 5 MB smaller for as long as it lives.
	const isPlain = command === 'run' && file?.startsWith('-') === false && (separator ?? '--') === '--';
	if (isPlain) return (await import('./run-command.ts')).run({ file, command: rest, version });
	return parseCommandLine(argv, version);
}

async function parseCommandLine(argv: readonly string[], version: string): Promise<number> {
	// What follows `--` is the app's command line, and none of ours.
	const separator = argv[0] === 'run' ? argv.indexOf('--') : -1;
	const [own, command] = separator < 0 ? [argv, []] : [argv.slice(0, separator), argv.slice(separator + 1)];
	const { Command, CommanderError } = await import('commander');
	let code: number = EXIT.done;
	const program = new Command('outrigger')
		.description('A sidecar in front of an unchanged app, driven by one YAML route file.')
		.version(version)
		.exitOverride()
		.addHelpText('after', HELP)
		.showHelpAfterError('(--help shows what there is)');
	program
		.command('run')
		.summary('run the sidecar; with a command, start the unchanged app as well')
		.description('Run the sidecar. With `-- COMMAND…`, start and supervise the unchanged app as well.')
		.usage('<file> [-- command...]')
		.argument('<file>', 'route file, or a folder of YAML files; after `--` the app and its arguments')
		.addHelpText('after', RUN_HELP)
		.action(async (file: string) => {
			const { run } = await import('./run-command.ts');
			code = await run({ file, command, version });
		});
	const finish = (exitCode: number) => {
		code = exitCode;
	};
	(await import('./check-command.ts')).registerCheck(program, IO, finish);
	(await import('./config-command.ts')).registerConfig(program, IO, finish);
	(await import('./explain-command.ts')).registerExplain(program, IO, finish);
	(await import('./test-command.ts')).registerTest(program, IO, finish);
	(await import('./diff-command.ts')).registerDiff(program, IO, finish);
	(await import('./schema-command.ts')).registerSchema(program, IO, finish);
	(await import('./certs-command.ts')).registerCerts(program, IO, finish);
	try {
		await program.parseAsync(own, { from: 'user' });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		// Help and version are no mistakes; commander has printed everything.
		return error.exitCode === 0 ? EXIT.done : EXIT.badConfig;
	}
	return code;
}

const IO: CommandIo = {
	stdout: (text) => process.stdout.write(text),
	stderr: (text) => process.stderr.write(text),
	env: (name) => process.env[name],
	readFile: (path) => readFile(path, 'utf8'),
	listFolder: async (path) => ((await stat(path)).isDirectory() ? readdir(path) : null),
	isTTY: process.stderr.isTTY,
};
