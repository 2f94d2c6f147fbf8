/**
 * src/ → dist/: one file for what every start needs, further ones for what is loaded on demand. Reading two hundred small
 * modules took a third of the start and 5 MB (docs/adr/0007). Types have been checked before (`npm run check`).
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const outdir = process.argv[2] ?? path.join(root, 'dist');

/** Packages in CommonJS ask for Node's own modules by `require`, which an ES module does not have. */
const REQUIRE = "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);";

/** zod brings its messages in fifty languages; ours are our own, and its English ones are the last resort. */
const onlyEnglish: Plugin = {
	name: 'only-english',
	setup(bundler) {
		const filter = /locales[/]index\.js$/;
		bundler.onLoad({ filter }, () => ({ contents: "export { default as en } from './en.js';" }));
	},
};

rmSync(outdir, { recursive: true, force: true });
await build({
	absWorkingDir: root,
	entryPoints: ['src/main.ts'],
	outdir,
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node24',
	// Names stay: stack traces and profiles are read by people.
	minifyWhitespace: true,
	minifySyntax: true,
	keepNames: false,
	legalComments: 'linked',
	plugins: [onlyEnglish],
	banner: { js: REQUIRE },
	logLevel: 'warning',
});
