/**
 * `compile-entry.ts` as a start-up snapshot of Node.js: the parser lies ready in the heap, which halves the time of the
 * second process. Built by `scripts/bundle.ts` for the Node.js that builds; `compile-file.ts` uses it when it is that one
 * which runs, and does without it otherwise.
 *
 * What runs here before the snapshot is taken must not touch the outside; modules of Node.js are asked for only later.
 */
import v8 from 'node:v8';
import { RE2JS } from 're2js';
import { parseEndpoints } from '../config/parse-endpoints.ts';
import { type CompiledEndpoints, FILE_HASH } from '../discovery/endpoint-file.ts';
import { compileEndpoints } from './compile-endpoints.ts';
import { compileText, unreadFile } from './compile-text.ts';
import type { CompiledFile } from './compiled-file.ts';
import { compiledLines } from './compiled-lines.ts';
import { ENDPOINTS_COMMAND, endpointLines } from './endpoint-lines.ts';
import { HASH_ALGORITHM } from './file-hash.ts';
import { type FileContent, readRouteFiles } from './route-files.ts';

/** Walks through the parser once, so that what it makes on first use is in the snapshot. */
const REHEARSAL =
	'app: { port: 8080 }\ninbound: { listen: 8000, routes: [{ matches: [{ path: /a }], timeouts: { request: 1s } }] }\n';

compileText('rehearsal.yaml', [{ file: 'rehearsal.yaml', bytes: Buffer.from(REHEARSAL) }], {
	env: () => undefined,
	newHash: () => ({ update: () => undefined, digest: () => '' }),
	compileRegex: null,
});

v8.startupSnapshot.setDeserializeMainFunction(() => {
	const [file = '', ...more] = process.argv.slice(1);
	const lines = file === ENDPOINTS_COMMAND ? endpointLines(endpoints(more)) : compiledLines(compile(file));
	process.stdout.write([...lines].join(''));
});

function endpoints(files: readonly string[]): Iterable<CompiledEndpoints> {
	const { createHash } = process.getBuiltinModule('node:crypto');
	const { readFileSync } = process.getBuiltinModule('node:fs');
	return compileEndpoints(files, {
		readFile: readFileSync,
		newHash: () => createHash(FILE_HASH),
		parse: parseEndpoints,
	});
}

function compile(file: string): CompiledFile {
	let contents: readonly FileContent[];
	try {
		contents = readRouteFiles(file, process.getBuiltinModule('node:fs'));
	} catch (error) {
		return unreadFile(file, error);
	}
	const { createHash } = process.getBuiltinModule('node:crypto');
	return compileText(file, contents, {
		env: (name) => process.env[name],
		newHash: () => createHash(HASH_ALGORITHM),
		compileRegex: (source) => RE2JS.compile(source),
	});
}
