import { expect, it } from 'vitest';
import { runSchema } from '../../src/cli/schema-command.ts';

it('prints a JSON Schema that knows the keys', async () => {
	let stdout = '';
	const code = await runSchema({
		stdout: (text) => {
			stdout += text;
		},
		stderr: () => undefined,
		env: () => undefined,
		readFile: () => Promise.reject(new Error('no file is read')),
		isTTY: false,
	});
	const schema = JSON.parse(stdout);
	expect(code).toBe(0);
	expect(Object.keys(schema.definitions.routeFile.properties)).toContain('outbound');
	expect(schema.definitions.routeFile.patternProperties).toHaveProperty('^x-');
	expect(schema.definitions.routeFile.properties.inbound.properties.listen.description).not.toBe('');
});
