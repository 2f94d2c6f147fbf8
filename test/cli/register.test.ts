import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerCerts } from '../../src/cli/certs-command.ts';
import { registerCheck } from '../../src/cli/check-command.ts';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { registerConfig } from '../../src/cli/config-command.ts';
import { registerDiff } from '../../src/cli/diff-command.ts';
import { registerExplain } from '../../src/cli/explain-command.ts';
import { registerSchema } from '../../src/cli/schema-command.ts';
import { registerTest } from '../../src/cli/test-command.ts';

const REGISTERS = [
	registerCerts,
	registerCheck,
	registerConfig,
	registerDiff,
	registerExplain,
	registerSchema,
	registerTest,
];

/** Runs a command line as `program.ts` does; resolves to the exit code and what was printed on stdout. */
async function run(...argv: string[]): Promise<{ code: number; stdout: string }> {
	let code = -1;
	let stdout = '';
	const io: CommandIo = {
		stdout: (text) => {
			stdout += text;
		},
		stderr: () => undefined,
		env: () => undefined,
		readFile: () => Promise.resolve('app: { port: 8080 }\ninbound: { listen: 8000 }\nadmin: { listen: 1 }\n'),
		isTTY: false,
	};
	const finish = (exitCode: number): void => {
		code = exitCode;
	};
	const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined, writeOut: io.stdout });
	for (const register of REGISTERS) register(program, io, finish);
	await program.parseAsync(argv, { from: 'user' });
	return { code, stdout };
}

describe('the command line', () => {
	it.each([
		[['check', 'a.yaml', 'b.yaml'], 0],
		[['check', '--strict', 'a.yaml'], 64],
		[['config', 'a.yaml'], 0],
		[['config', 'a.yaml', '--effective', '--json'], 0],
		[['schema'], 0],
		[['certs', 'init', '--dir', '', '--trust-domain', 'X'], 64],
		[['certs', 'issue', '--dir', '', '--id', 'x', '--dns', 'a', '--dns', 'b'], 64],
		[['explain', 'a.yaml', '/x'], 0],
		[['explain', 'a.yaml', '/x', '-H', 'x-a: 1', '--header', 'x-b: 2', '--all', '--json'], 0],
		[['explain', 'a.yaml', '/x', '--side', 'left'], 64],
		[['test', 'a.yaml', 'b.yaml', '--json'], 0],
		[['diff', 'a.yaml', '--admin', 'http://127.0.0.1:1', '--json'], 1],
	])('%j exits with %d', async (argv, code) => {
		expect((await run(...argv)).code).toBe(code);
	});

	it('passes the options on', async () => {
		expect(JSON.parse((await run('check', 'a.yaml', '--json')).stdout)).toMatchObject({ ok: true });
		expect((await run('check', 'a.yaml', '--github')).stdout).toMatch(/^::warning file=a\.yaml/);
		expect(JSON.parse((await run('config', 'a.yaml', '--json')).stdout)).toHaveProperty('app.port.value', 8080);
	});

	it.each(['certs', 'check', 'config', 'diff', 'explain', 'schema', 'test'])(
		'has help with an example for %s',
		(name) => {
			const program = new Command();
			const io = { stdout: () => undefined, stderr: () => undefined } as unknown as CommandIo;
			for (const register of REGISTERS) register(program, io, () => undefined);
			const command = program.commands.find((candidate) => candidate.name() === name);
			let help = '';
			command?.configureOutput({
				writeOut: (text) => {
					help += text;
				},
			});
			command?.outputHelp();
			expect(help).toContain(`outrigger ${name}`);
		},
	);
});
