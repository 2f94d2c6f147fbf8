/** `outrigger config FILE`: the whole configuration, defaults filled in, and where each value came from. */
import type { Command } from 'commander';
import { formatIssue } from '../config/issue.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';

export interface ConfigArguments {
	readonly file: string;
	readonly json?: boolean;
}

const HELP = `
Example:
  outrigger config routes/example.yaml --effective

Values that came from the environment are shown as \${NAME}.`;

export function registerConfig(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	program
		.command('config')
		.summary('print the whole configuration and where each value came from')
		.description('Print the whole configuration with defaults filled in and where each value came from.')
		.argument('<file>', 'route file, or a folder of YAML files')
		.option('--effective', 'what is in force, defaults included (always so in this version)')
		.option('--json', 'print JSON: {value, from} for each key')
		.addHelpText('after', HELP)
		.action(async (file: string, options: Omit<ConfigArguments, 'file'>) => {
			finish(await runConfig({ ...options, file }, io));
		});
}

export async function runConfig({ file, json }: ConfigArguments, io: CommandIo): Promise<number> {
	const result = await loadRouteFile(file, io);
	const issues = result.ok ? [...result.warnings, ...result.notes] : result.issues;
	for (const issue of issues) io.stderr(`${formatIssue(issue)}\n`);
	if (!result.ok) return EXIT.badConfig;
	const { effectiveConfig } = await import('../config/effective.ts');
	const { effectiveYaml } = await import('../config/effective-yaml.ts');
	const effective = effectiveConfig(result.provenance);
	io.stdout(json === true ? `${JSON.stringify(effective, null, 2)}\n` : effectiveYaml(effective));
	return EXIT.done;
}
