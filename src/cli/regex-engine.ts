/** The linear-time regex engine, loaded only when a rule of the file has a regex: it costs 6 MB. */
import type { Config } from '../config/config.ts';
import type { RegexCompiler } from '../routing/table.ts';

export async function loadRegexEngine(config: Config): Promise<RegexCompiler> {
	const wanted = config.inbound.routes.some((rule) =>
		rule.matches.some(({ path }) => path.type === 'RegularExpression'),
	);
	if (!wanted) return () => ({ matches: () => false });
	const { RE2JS } = await import('re2js');
	return (pattern) => {
		const compiled = RE2JS.compile(pattern);
		return { matches: (path) => compiled.matches(path) };
	};
}
