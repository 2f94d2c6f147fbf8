/** A parsed route file, ready to be asked what it does with a request. For commands: the data plane has its own tables. */
import type { Config, Side } from '../config/config.ts';
import { EffectiveParts } from '../config/effective-parts.ts';
import type { ParsedConfig } from '../config/parse-config.ts';
import type { ExplainedFile } from '../explain/explain.ts';
import type { RequestHead } from '../http/head.ts';
import { type CompileRegex, loadRegexCompiler, noRegex } from '../routing/regex.ts';
import { compileRoutes, needsRegex, type RouteHit, type RouteTable } from '../routing/table.ts';

export async function explainedFile({ config, provenance }: ParsedConfig): Promise<ExplainedFile> {
	const { effectiveConfig } = await import('../config/effective.ts');
	const { maskedValues } = await import('../config/masked-values.ts');
	const effective = EffectiveParts.of(effectiveConfig(provenance));
	const compileRegex = await regexCompilerFor(config);
	return {
		config,
		effectiveAt: (path) => effective.at(path),
		masked: maskedValues(provenance),
		compileRegex,
		match: matcherOf(config, compileRegex),
	};
}

export async function regexCompilerFor({ inbound, outbound }: Config): Promise<CompileRegex> {
	return needsRegex([...inbound.routes, ...(outbound?.routes ?? [])]) ? await loadRegexCompiler() : noRegex;
}

/** Compiles the table of a side when it is first asked for. */
export function matcherOf(
	config: Config,
	compileRegex: CompileRegex,
): (side: Side, head: RequestHead) => RouteHit<null> | null {
	const tables = new Map<Side, RouteTable<null>>();
	return (side, head) => {
		let routes = tables.get(side);
		if (routes === undefined) {
			const rules = side === 'inbound' ? config.inbound.routes : (config.outbound?.routes ?? []);
			routes = compileRoutes(
				rules.map((rule) => ({ rule, value: null })),
				compileRegex,
			);
			tables.set(side, routes);
		}
		return routes.match(head);
	};
}
