/**
 * src/ → dist/: one file for what every start needs, further ones for what is loaded on demand. Reading two hundred small
 * modules took a third of the start and 5 MB (docs/adr/0007). Types have been checked before (`npm run check`).
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

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

const shared: BuildOptions = {
	absWorkingDir: root,
	bundle: true,
	platform: 'node',
	target: 'node24',
	// Fields are assigned in constructors instead of being defined one by one, which V8 does not inline: 1 % of a request.
	tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
	// Names stay: stack traces and profiles are read by people.
	minifyWhitespace: true,
	minifySyntax: true,
	legalComments: 'linked',
	plugins: [onlyEnglish],
	logLevel: 'warning',
};

rmSync(outdir, { recursive: true, force: true });
await build({
	...shared,
	entryPoints: ['src/main.ts'],
	outdir,
	splitting: true,
	format: 'esm',
	banner: { js: REQUIRE },
});
await buildSnapshot();

/** The parser of the route file as a start-up snapshot (`src/cli/compile-snapshot.ts`), for the Node.js that runs this. */
async function buildSnapshot(): Promise<void> {
	const script = path.join(outdir, 'compile-snapshot.cjs');
	await build({ ...shared, entryPoints: ['src/cli/compile-snapshot.ts'], outfile: script, format: 'cjs' });
	const blob = path.join(outdir, `route-file-${process.version}-${process.arch}.blob`);
	execFileSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', script], { stdio: 'inherit' });
	rmSync(script);
}
