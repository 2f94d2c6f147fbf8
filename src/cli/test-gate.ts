/** `tests` as a gate: a file whose own tests do not hold is no better than one with mistakes. */
import type { Issue } from '../config/issue.ts';
import { maskedValues } from '../config/masked-values.ts';
import type { ParsedConfig, RejectedConfig } from '../config/parse-config.ts';
import { Explainer } from '../explain/explain.ts';
import { runTests, type TestResult } from '../explain/run-tests.ts';
import type { CompileRegex } from '../routing/regex.ts';
import { matcherOf, regexCompilerFor } from './explained-file.ts';

/** An issue for each test that fails. */
export function failedTests({ config, provenance }: ParsedConfig, compileRegex: CompileRegex): Issue[] {
	if (config.tests.length === 0) return [];
	const match = matcherOf(config, compileRegex);
	const masked = maskedValues(provenance);
	const results = runTests(config, new Explainer({ config, effectiveAt: () => null, masked, compileRegex, match }));
	return results.flatMap((result, index) => (result.ok ? [] : [issueOf(result, index)]));
}

/** The same for a command: a file whose tests do not hold is a rejected one. */
export async function withTests(result: ParsedConfig | RejectedConfig): Promise<ParsedConfig | RejectedConfig> {
	if (!result.ok || result.config.tests.length === 0) return result;
	const issues = failedTests(result, await regexCompilerFor(result.config));
	return issues.length === 0 ? result : { ok: false, issues };
}

function issueOf({ name, at, request, failures }: TestResult, index: number): Issue {
	const path = `tests[${index}]`;
	// Without a name it is called by its number.
	const title = name === path ? '' : ` (\`${name}\`)`;
	return {
		...at,
		length: 1,
		severity: 'error',
		path,
		message: `\`${path}\`${title} does not hold for ${request}: ${failures.map(({ happens }) => happens).join('; ')}`,
		// What stands there is in the message.
		excerpt: '',
		excerptColumn: 1,
		expected: failures.map(({ expected }) => expected).join(' and '),
		hint: failures.map(({ because }) => because).find((because) => because !== '') ?? '',
	};
}
