import { expect, it } from 'vitest';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { runConfig } from '../../src/cli/config-command.ts';

async function config(text: string, json: boolean): Promise<{ code: number; stdout: string; stderr: string }> {
	let stdout = '';
	let stderr = '';
	const io: CommandIo = {
		stdout: (part) => {
			stdout += part;
		},
		stderr: (part) => {
			stderr += part;
		},
		env: (name) => (name === 'SECRET' ? 'hidden' : undefined),
		readFile: () => Promise.resolve(text),
		isTTY: false,
	};
	return { code: await runConfig({ file: 'shop.yaml', json }, io), stdout, stderr };
}

const TEXT = 'app: { port: 8080, version: "${SECRET}" }\ninbound: { listen: 8000 }\n';

it('prints the whole configuration with where each value came from', async () => {
	const { code, stdout, stderr } = await config(TEXT, false);
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
	expect(stdout).toContain('  name: shop # default\n');
	expect(stdout).toContain('  port: 8080 # shop.yaml:1\n');
	expect(stdout).toContain('  version: ${SECRET} # env SECRET\n');
	expect(stdout).toContain('  drain: 20s # default\n');
	expect(stdout).not.toContain('hidden');
});

it('prints JSON with value and origin', async () => {
	const { code, stdout } = await config(TEXT, true);
	expect(code).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({
		app: { port: { value: 8080, from: 'shop.yaml:1' }, version: { value: '${SECRET}', from: 'env SECRET' } },
		limits: { headers: { value: 100, from: 'default' } },
	});
});

it('prints the issues of a bad file and nothing on stdout', async () => {
	const { code, stdout, stderr } = await config('app: 1\n', false);
	expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
	expect(stderr).toContain('shop.yaml:1:6: `app` is not a mapping');
});
