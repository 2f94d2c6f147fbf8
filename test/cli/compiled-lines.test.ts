import { describe, expect, it } from 'vitest';
import type { CompiledFile } from '../../src/cli/compiled-file.ts';
import { compiledLines, readCompiledLines } from '../../src/cli/compiled-lines.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { EffectiveParts } from '../../src/config/effective-parts.ts';
import type { Issue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

function yamlOf(rules: number): string {
	const routes = Array.from({ length: rules }, (_, i) => ({ name: `r${i}`, matches: [{ path: `/${i}` }] }));
	const listen = '127.0.0.1:0';
	return JSON.stringify({
		app: { port: 8080 },
		inbound: { listen, routes },
		outbound: { listen, routes: routes.slice(0, Math.floor(rules / 2)) },
		services: {
			stock: { hostnames: ['stock'], endpoints: [{ address: '10.0.0.1:80' }] },
			many: { hostnames: ['many'], endpoints: addresses(rules * 10) },
			...Object.fromEntries(routes.map(({ name }) => [name, { endpoints: [] }])),
		},
		tests: routes.map(({ name }, i) => ({ request: { path: `/${i}` }, expect: { route: name } })),
	});
}

function addresses(count: number) {
	return Array.from({ length: count }, (_, i) => ({
		address: `10.0.${i >> 8}.${i & 255}:80`,
		labels: { pod: `p${i}` },
	}));
}

const issues = (count: number): Issue[] =>
	Array.from({ length: count }, (_, i) => ({
		file: 'a.yaml',
		line: i + 1,
		column: 1,
		length: 1,
		severity: 'error',
		path: 'app',
		message: `mistake ${i}`,
		excerpt: '',
		excerptColumn: 1,
		expected: '',
		hint: '',
	}));

function compiled(rules: number): { file: CompiledFile; whole: ReturnType<typeof effectiveConfig> } {
	const parsed = parseConfig(yamlOf(rules), 'a.yaml', () => undefined);
	if (!parsed.ok) throw new Error(parsed.issues.map(({ message }) => message).join('\n'));
	const { config, warnings, notes, provenance } = parsed;
	const whole = effectiveConfig(provenance);
	const masked = Array.from({ length: rules }, (_, i) => ({ path: `tests[${i}]`, text: 'a', masked: '${A}' }));
	return { file: { ok: true, config, warnings, notes, effective: EffectiveParts.of(whole), masked }, whole };
}

/** As a pipe gives it: cut anywhere. */
async function* inPieces(text: string, size = 1000): AsyncGenerator<string> {
	for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

let pauses = 0;
function breathe(): Promise<void> {
	pauses++;
	return Promise.resolve();
}

describe('a compiled file', () => {
	it.each([0, 1, 25, 26, 260])('of %i rules comes over as it was', async (rules) => {
		const { file } = compiled(rules);
		expect(await readCompiledLines(inPieces([...compiledLines(file)].join('')), breathe)).toEqual(file);
	});

	it('lets the event loop turn every few entries', async () => {
		pauses = 0;
		const lines = [...compiledLines(compiled(260).file)];
		await readCompiledLines(inPieces(lines.join('')), breathe);
		expect(pauses).toBe(lines.length);
		expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100_000);
	});

	it.each([0, 1, 26, 1000])('with %i mistakes comes over as well', async (count) => {
		const bad: CompiledFile = { ok: false, hash: 'abc', issues: issues(count) };
		const lines = [...compiledLines(bad)];
		expect(await readCompiledLines(inPieces(lines.join('')), breathe)).toEqual(bad);
		expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100_000);
	});
});

describe('another answer than a compiled file', () => {
	const whole = [...compiledLines(compiled(50).file)].join('');
	it.each([
		['nothing', ''],
		['what is not JSON', 'oops\n'],
		['one without its last line', whole.slice(0, whole.lastIndexOf('\n', whole.length - 2) + 1)],
		['one that ends within a line', whole.slice(0, -100)],
	])('%s is an error', async (_what, text) => {
		await expect(readCompiledLines(inPieces(text), breathe)).rejects.toThrow();
	});
});

describe('the effective configuration in parts', () => {
	it.each([0, 1, 3, 45])('of %i rules is the same JSON as the whole', (rules) => {
		const { file, whole } = compiled(rules);
		if (!file.ok) throw new Error('a good file');
		const text = [...file.effective.text((effective) => ({ hash: 'abc', effective, rejected: null }))].join('');
		expect(text).toBe(JSON.stringify({ hash: 'abc', effective: whole, rejected: null }, null, '\t'));
	});

	it('comes in small pieces however many endpoints a service has', () => {
		const { file } = compiled(100);
		if (!file.ok) throw new Error('a good file');
		const pieces = [...file.effective.text((effective) => ({ effective }))];
		expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(100_000);
	});

	it('leads to the endpoints of a service, of which it tells only who asks for them', () => {
		const { file } = compiled(9);
		if (!file.ok) throw new Error('a good file');
		const { effective } = file;
		const last = effective.at(['services', 'many', 'endpoints', 89]);
		expect(last).toMatchObject({ address: { value: '10.0.0.89:80' } });
		expect(effective.at(['services', 'many', 'endpoints', 89, 'address'])).toMatchObject({ value: '10.0.0.89:80' });
		expect(effective.at(['services', 'many', 'endpoints'])).toHaveLength(90);
		expect(effective.at(['services', 'many', 'endpoints', 90])).toBeNull();
		expect(effective.at(['services', 'many', 'endpoints', 'none'])).toBeNull();
		expect(effective.at(['services', 'many'])).toMatchObject({ hostnames: { value: ['many'] }, endpoints: [] });
	});

	it('leads to the values of a rule, of a service, and nowhere', () => {
		const { file } = compiled(3);
		if (!file.ok) throw new Error('a good file');
		const { effective } = file;
		expect(effective.at(['inbound', 'routes', 2, 'name'])).toEqual({ value: 'r2', from: 'a.yaml:1' });
		expect(effective.at(['outbound', 'routes', 0, 'name'])).toEqual({ value: 'r0', from: 'a.yaml:1' });
		expect(effective.at(['services', 'stock', 'hostnames'])).toEqual({ value: ['stock'], from: 'a.yaml:1' });
		expect(effective.at(['services', 'r2', 'protocol'])).toEqual({ value: 'auto', from: 'default' });
		expect(effective.at(['tests', 1, 'expect', 'route'])).toEqual({ value: 'r1', from: 'a.yaml:1' });
		expect(effective.at(['inbound', 'unmatched'])).toEqual({ value: 'app', from: 'default' });
		expect(effective.at(['inbound', 'routes', 3])).toBeNull();
		expect(effective.at(['services', 'nobody'])).toBeNull();
		expect(effective.at(['nothing'])).toBeNull();
	});
});
