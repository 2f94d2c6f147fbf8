import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the documents promise: links that lead somewhere, scripts that exist, route files that `check` accepts. */

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENTS = [
	...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
	'certs/README.md',
	...readdirSync(join(ROOT, 'docs'), { recursive: true })
		.map((name) => join('docs', String(name)))
		.filter((name) => name.endsWith('.md')),
];
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
	heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N} _-]/gu, '')
		.replaceAll(' ', '-');

function anchors(name: string): string[] {
	return [...read(name).matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf((match[1] ?? '').replaceAll('`', '')));
}

function brokenLinks(name: string): string[] {
	const targets = [...withoutCode(read(name)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
	return targets.filter((target) => {
		if (/^[a-z]+:/.test(target)) return false;
		const [path = '', anchor = ''] = target.split('#');
		const file = path === '' ? name : join(dirname(name), path);
		if (!existsSync(join(ROOT, file))) return true;
		return anchor !== '' && !anchors(file).includes(anchor);
	});
}

describe('documents', () => {
	it.each(DOCUMENTS)('%s: every link inside the project leads somewhere', (name) => {
		expect(brokenLinks(name)).toEqual([]);
	});

	it.each(DOCUMENTS)('%s: every npm script that it names exists', (name) => {
		const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
		const named = [...read(name).matchAll(/npm run ([a-z][a-z:-]*)/g)].map((match) => match[1] ?? '');
		expect(named.filter((script) => !(script in scripts))).toEqual([]);
	});
});

describe('route files', () => {
	let scratch = '';
	beforeAll(() => {
		scratch = mkdtempSync(join(tmpdir(), 'outrigger-docs-'));
	});
	afterAll(() => rmSync(scratch, { recursive: true, force: true }));

	const check = (file: string): { status: number | null; said: string } => {
		const result = spawnSync(join(ROOT, 'bin/outrigger'), ['check', '--strict', file], { encoding: 'utf8' });
		return { status: result.status, said: result.stdout + result.stderr };
	};

	/** A ConfigMap's `route.yaml`, taken out of its manifest. */
	const embedded = (manifest: string): string =>
		/^ {2}route\.yaml: \|\n((?: {4}.*\n)+)/m.exec(manifest)?.[1]?.replace(/^ {4}/gm, '') ?? manifest;

	/** A block is a whole route file when it says where the app is and where to listen. */
	const blocks = DOCUMENTS.flatMap((name) =>
		[...read(name).matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
			.map((match) => embedded(match[1] ?? ''))
			.filter((text) => /^app:/m.test(text) && /^inbound:/m.test(text))
			.map((text, index) => ({ what: `${name}, block ${index + 1}`, text })),
	);

	it('are found in the documents', () => {
		expect(blocks.length).toBeGreaterThanOrEqual(3);
	});

	it.each(blocks)('$what holds', ({ text }) => {
		const file = join(scratch, 'route.yaml');
		writeFileSync(file, text);
		expect(check(file)).toMatchObject({ status: 0 });
	});

	it.each(readdirSync(join(ROOT, 'routes')).filter((name) => name.endsWith('.yaml')))('routes/%s holds', (name) => {
		expect(check(join(ROOT, 'routes', name))).toMatchObject({ status: 0 });
	});
});
