/** `outrigger schema`: the route file's JSON Schema, for editors. */
import type { Command } from 'commander';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Example:
  outrigger schema > outrigger.schema.json

Then, in the first line of a route file:
  # yaml-language-server: $schema=./outrigger.schema.json`;

export function registerSchema(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	program
		.command('schema')
		.summary("print the route file's JSON Schema")
		.description("Print the route file's JSON Schema, with which editors complete and check it.")
		.addHelpText('after', HELP)
		.action(async () => finish(await runSchema(io)));
}

export async function runSchema(io: CommandIo): Promise<number> {
	const { routeFileJsonSchema } = await import('../config/json-schema.ts');
	io.stdout(`${JSON.stringify(routeFileJsonSchema(), null, 2)}\n`);
	return EXIT.done;
}
