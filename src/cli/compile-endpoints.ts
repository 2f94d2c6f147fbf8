/** The other end of `endpoint-compiler.ts`: endpoint files → what came of each, as plain data. */
import type { Issue } from '../config/issue.ts';
import type { EndpointConfig } from '../config/service-config.ts';
import type { CompiledEndpoints } from '../discovery/endpoint-file.ts';
import type { HashState } from './file-hash.ts';
import { unreadable } from './unreadable.ts';

export type ParsedEndpoints =
	| { readonly ok: true; readonly endpoints: readonly EndpointConfig[] }
	| { readonly ok: false; readonly issues: readonly Issue[] };

export interface EndpointTools {
	readFile(file: string): Uint8Array;
	/** `FILE_HASH`. */
	newHash(): HashState;
	parse(text: string, file: string): ParsedEndpoints;
}

/** Mistakes of one file that are told; they end up in one line of the log. */
const MAX_TOLD = 3;

/** In the order of the files. */
export function* compileEndpoints(files: readonly string[], tools: EndpointTools): Generator<CompiledEndpoints> {
	for (const file of files) yield compileOne(file, tools);
}

function compileOne(file: string, { readFile, newHash, parse }: EndpointTools): CompiledEndpoints {
	let bytes: Uint8Array;
	try {
		bytes = readFile(file);
	} catch (error) {
		return { ok: false, hash: '', reason: `${file}: ${unreadable(file, error).message}` };
	}
	const hash = digestOf(newHash(), bytes);
	const parsed = parse(new TextDecoder().decode(bytes), file);
	if (!parsed.ok) return { ok: false, hash, reason: reasonOf(parsed.issues) };
	const { endpoints } = parsed;
	return { ok: true, hash, digest: digestOf(newHash(), JSON.stringify(endpoints)), endpoints };
}

function digestOf(hash: HashState, content: Uint8Array | string): string {
	hash.update(content);
	return hash.digest('hex');
}

function reasonOf(issues: readonly Issue[]): string {
	const told = issues.slice(0, MAX_TOLD).map(({ file, line, column, message, expected, hint }) => {
		const more = [expected === '' ? '' : `expected ${expected}`, hint].filter((each) => each !== '');
		return `${file}:${line}:${column}: ${[message, ...more].join('; ')}`;
	});
	const left = issues.length - told.length;
	return [...told, ...(left > 0 ? [`and ${left} more`] : [])].join(' | ');
}
