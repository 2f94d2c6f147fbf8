/**
 * The folder edges of ARCHITECTURE.md as rules. `ROWS` is the table there, top row first: a folder may import itself, the
 * rows above it and nothing else. The I/O folders stand in one row and never import each other; what they share is in
 * `ports/` (types only) and `io/`.
 */
const ROWS = [
	['error.ts', 'clock.ts'],
	['http'],
	['http1'],
	['config'],
	['routing'],
	['balancing'],
	['resilience'],
	['filters'],
	['explain'],
	['ports'],
	['io'],
	['proxy', 'listener', 'upstream', 'discovery', 'identity', 'telemetry', 'admin'],
	['app'],
	['app'],
	['app.ts'],
	['cli'],
	['main.ts'],
];
/** Rows with no I/O of their own: no `node:` module, no package that does I/O. */
const PURE = [
	'error.ts',
	'clock.ts',
	'http',
	'http1',
	'config',
	'routing',
	'balancing',
	'resilience',
	'filters',
	'explain',
	'ports',
];
/** What a pure folder may take from npm: parsers and engines that touch neither sockets nor files. */
const PURE_PACKAGES = ['yaml', 'zod', 're2js'];

const pattern = (name) => (name.endsWith('.ts') ? `^src/${name.replace('.', '\\.')}$` : `^src/${name}/`);
const anyOf = (names) => names.map(pattern).join('|');

const rowRules = ROWS.flatMap((row, index) =>
	row.map((name) => ({
		name: `row-${name}`,
		comment: `${name} may import only the rows above it (ARCHITECTURE.md, "Folders").`,
		severity: 'error',
		from: { path: pattern(name) },
		to: { path: '^src/', pathNot: anyOf([name, ...ROWS.slice(0, index).flat()]) },
	})),
);

module.exports = {
	forbidden: [
		...rowRules,
		{
			name: 'no-cycle',
			comment: 'A cycle, even one of types, means that two files are one.',
			severity: 'error',
			from: { path: '^src/' },
			to: { circular: true },
		},
		{
			name: 'pure-no-node',
			comment: 'Pure folders take bytes, time and randomness as arguments; they import no node: module.',
			severity: 'error',
			from: { path: anyOf(PURE) },
			to: { dependencyTypes: ['core'] },
		},
		{
			name: 'pure-no-package',
			comment: `Pure folders import only ${PURE_PACKAGES.join(', ')} from npm.`,
			severity: 'error',
			from: { path: anyOf(PURE) },
			to: { path: 'node_modules/', pathNot: `node_modules/(${PURE_PACKAGES.join('|')})/` },
		},
		{
			name: 'known-place',
			comment: 'Each source file lies in a folder of the table.',
			severity: 'error',
			from: { path: '^src/' },
			to: { path: '^src/', pathNot: anyOf(ROWS.flat()) },
		},
		{
			name: 'src-imports-src',
			comment: 'What ships never imports tests, benches or scripts.',
			severity: 'error',
			from: { path: '^src/' },
			to: { path: '^(test|bench|scripts|examples)/' },
		},
		{
			name: 'unresolvable',
			comment: 'An import that leads nowhere would slip past every other rule.',
			severity: 'error',
			from: {},
			to: { couldNotResolve: true },
		},
	],
	options: {
		// Type-only imports count: an edge of types is an edge of knowledge.
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		doNotFollow: { path: 'node_modules' },
		enhancedResolveOptions: {
			extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
			exportsFields: ['exports'],
			conditionNames: ['import', 'node', 'default', 'types'],
		},
	},
};
