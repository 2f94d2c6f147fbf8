/**
 * What the two processes tell each other about endpoint files: JSON, for each file a line with what came of it, then a line
 * for each few of its endpoints. Thousands of them are taken over while requests are being served (`compiled-lines.ts`).
 */
import type { EndpointConfig } from '../config/service-config.ts';
import type { CompiledEndpoints } from '../discovery/endpoint-file.ts';

/** First argument that makes `main.ts`, and the snapshot, run `compile-endpoints.ts` with the files that follow. */
export const ENDPOINTS_COMMAND = 'internal:compile-endpoint-files';

/** An endpoint is a hundred bytes or two: a line takes a fraction of a millisecond. */
const ENDPOINTS_A_LINE = 50;
const NEWLINE = '\n';
/** The last line: without it something is missing. */
const END = '"end"';

type Line =
	| { readonly result: CompiledEndpoints }
	/** Of the result before it. */
	| { readonly endpoints: readonly EndpointConfig[] };

export function* endpointLines(results: Iterable<CompiledEndpoints>): Generator<string> {
	for (const result of results) {
		if (!result.ok) {
			yield lineOf({ result });
			continue;
		}
		const { endpoints } = result;
		yield lineOf({ result: { ...result, endpoints: [] } });
		for (let from = 0; from < endpoints.length; from += ENDPOINTS_A_LINE) {
			yield lineOf({ endpoints: endpoints.slice(from, from + ENDPOINTS_A_LINE) });
		}
	}
	yield END + NEWLINE;
}

function lineOf(line: Line): string {
	return JSON.stringify(line) + NEWLINE;
}

/** Of the other process's output, as it comes. `breathe` lets the event loop turn. */
export async function readEndpointLines(
	output: AsyncIterable<string>,
	breathe: () => Promise<void>,
): Promise<readonly CompiledEndpoints[]> {
	const results: CompiledEndpoints[] = [];
	/** Of the last result. */
	let endpoints: EndpointConfig[] = [];
	let isWhole = false;
	let rest = '';
	for await (const piece of output) {
		const lines = (rest + piece).split(NEWLINE);
		rest = lines.pop() ?? '';
		for (const text of lines) {
			isWhole = text === END;
			if (isWhole) break;
			const line = JSON.parse(text) as Line;
			if ('result' in line) {
				endpoints = [];
				results.push(line.result.ok ? { ...line.result, endpoints } : line.result);
			} else endpoints.push(...line.endpoints);
			await breathe();
		}
	}
	if (!isWhole) throw new Error('the end of the answer is missing');
	return results;
}
