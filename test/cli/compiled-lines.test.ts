import { describe, expect, it } from 'vitest';
import type { CompiledFile } from '../../src/cli/compiled-file.ts';
import { compiledLines, readCompiledLines } from '../../src/cli/compiled-lines.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { EffectiveParts } from '../../src/config/effective-parts.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

function yamlOf(rules: number): string {
	const routes = Array.from({ length: rules }, (_, i) => ({ name: `r${i}`, matches: [{ path: `/${i}` }] }));
	const listen = '127.0.0.1:0';
	return JSON.stringify({
		app: { port: 8080 },
		inbound: { listen, routes },
		outbound: { listen, routes: routes.slice(0, Math.floor(rules / 2)) },
		services: { stock: { hostnames: ['stock'], endpoints: [{ address: '10.0.0.1:80' }] } },
	});
}

function compiled(rules: number): { file: CompiledFile; whole: ReturnType<typeof effectiveConfig> } {
	const parsed = parseConfig(yamlOf(rules), 'a.yaml', () => undefined);
	if (!parsed.ok) throw new Error(parsed.issues.map(({ message }) => message).join('\n'));
	const { config, warnings, notes, provenance } = parsed;
	const whole = effectiveConfig(provenance);
	return { file: { ok: true, config, warnings, notes, effective: EffectiveParts.of(whole), masked: [] }, whole };
}

let pauses = 0;
function breathe(): Promise<void> {
	pauses++;
	return Promise.resolve();
}

describe('a compiled file', () => {
	it.each([0, 1, 25, 26, 260])('of %i rules comes over as it was', async (rules) => {
		const { file } = compiled(rules);
		expect(await readCompiledLines([...compiledLines(file)].join(''), breathe)).toEqual(file);
	});

	it('lets the event loop turn every few rules', async () => {
		pauses = 0;
		const lines = [...compiledLines(compiled(260).file)];
		await readCompiledLines(lines.join(''), breathe);
		expect(pauses).toBe(lines.length - 1);
		expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThan(100_000);
	});

	it('with mistakes comes over as well', async () => {
		const bad: CompiledFile = { ok: false, hash: 'abc', issues: [] };
		expect(await readCompiledLines([...compiledLines(bad)].join(''), breathe)).toEqual(bad);
	});
});

describe('the effective configuration in parts', () => {
	it.each([0, 1, 45])('of %i rules is the same JSON as the whole', (rules) => {
		const { file, whole } = compiled(rules);
		if (!file.ok) throw new Error('a good file');
		const text = [...file.effective.text((effective) => ({ hash: 'abc', effective, rejected: null }))].join('');
		expect(text).toBe(JSON.stringify({ hash: 'abc', effective: whole, rejected: null }, null, '\t'));
	});

	it('leads to the values of a rule, of a service, and nowhere', () => {
		const { file } = compiled(3);
		if (!file.ok) throw new Error('a good file');
		const { effective } = file;
		expect(effective.at(['inbound', 'routes', 2, 'name'])).toEqual({ value: 'r2', from: 'a.yaml:1' });
		expect(effective.at(['outbound', 'routes', 0, 'name'])).toEqual({ value: 'r0', from: 'a.yaml:1' });
		expect(effective.at(['services', 'stock', 'hostnames'])).toEqual({ value: ['stock'], from: 'a.yaml:1' });
		expect(effective.at(['inbound', 'routes', 3])).toBeNull();
		expect(effective.at(['nothing'])).toBeNull();
	});
});
