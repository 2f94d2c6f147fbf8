/** A route file, given as text, ready to be asked. */
import { explainedFile } from '../../src/cli/explained-file.ts';
import type { Config } from '../../src/config/config.ts';
import { type ParsedConfig, parseConfig } from '../../src/config/parse-config.ts';
import { type ExplainedFile, Explainer } from '../../src/explain/explain.ts';

export interface AskableFile {
	readonly parsed: ParsedConfig;
	readonly config: Config;
	readonly file: ExplainedFile;
	readonly explainer: Explainer;
}

/** The text of `inbound.routes`, `outbound` and `services` is indented as it stands in a file. */
export async function askable(more: string, env: Readonly<Record<string, string>> = {}): Promise<AskableFile> {
	const text = `app: { port: 8080 }\n${more.includes('inbound:') ? '' : 'inbound: { listen: 8000 }\n'}${more}`;
	const parsed = parseConfig(text, 'a.yaml', (name) => env[name]);
	if (!parsed.ok) throw new Error(parsed.issues.map(({ line, message }) => `${line}: ${message}`).join('\n'));
	const file = await explainedFile(parsed);
	return { parsed, config: parsed.config, file, explainer: new Explainer(file) };
}
