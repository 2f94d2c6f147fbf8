/**
 * Other people's cases, as data. They are not part of the repository: they are looked for beside it, and where they are
 * missing the tests say so and are left out.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the suites are looked for: `SUITES_FOLDER` may name another place. */
export const FOLDER = process.env['SUITES_FOLDER'] ?? join(import.meta.dirname, '../../../shared/suites');

export const SUITES = [
	'llhttp-fixtures',
	'gunicorn-requests',
	'httpd-http-strict',
	'desync-guardian',
	'envoy-path',
] as const;
export type SuiteName = (typeof SUITES)[number];

export interface SuiteMeta {
	suite: string;
	repo: string;
	commit: string;
	licence: string;
}

interface Suite<Case> {
	meta: SuiteMeta;
	cases: Case[];
}

/** `''` when the corpora are there, else why the tests that need them are left out. */
export const LEFT_OUT: string = leftOut(SUITES);

/** The same for suites that are about something else than messages. */
export function leftOut(names: readonly string[]): string {
	return names.every((name) => existsSync(fileOf(name)))
		? ''
		: `left out: the public corpora are not at ${FOLDER} (they are no part of this repository)`;
}

function fileOf(name: string): string {
	return join(FOLDER, name, 'cases.json');
}

/** The caller knows the shape of the cases: each suite has its own. */
export function loadSuite<Case>(name: SuiteName | 'spiffe-id'): Suite<Case> {
	return JSON.parse(readFileSync(fileOf(name), 'utf8')) as Suite<Case>;
}

export function bytesOf(base64: string): Buffer {
	return Buffer.from(base64, 'base64');
}
