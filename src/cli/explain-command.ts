/** `outrigger explain FILE REQUEST`: which rule gets a request and why, what happens to it, and why each other rule lost. */
import type { Command } from 'commander';
import type { HeaderValue, Side } from '../config/config.ts';
import { formatIssue } from '../config/issue.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';

export interface ExplainArguments {
	readonly file: string;
	readonly request: string;
	/** As they are written: `x-a: 1`. */
	readonly header: readonly string[];
	readonly side: string;
	readonly all?: boolean;
	readonly json?: boolean;
}

/** Rules that are told one by one without `--all`. */
const NEAREST = 10;
const SIDES: readonly string[] = ['inbound', 'outbound'] satisfies Side[];

const HELP = `
Examples:
  outrigger explain routes/shop.yaml 'POST http://shop/orders/7'
  outrigger explain routes/full.yaml 'GET http://orders.shop.svc/orders?v=2' -H 'x-tenant: eu'

The request is 'METHOD URL'; the method may be left out (GET), and so may the host: '/orders' is of localhost.

Exit status 0: explained, whatever happens to the request. 64: the file is not valid, or the request is none.`;

export function registerExplain(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	const collect = (line: string, lines: string[]): string[] => [...lines, line];
	program
		.command('explain')
		.summary('say which rule gets a request, why, and what happens to it')
		.description('Say which rule gets a request and why, what happens to it, and why each other rule lost.')
		.argument('<file>', 'route file, or a folder of YAML files')
		.argument('<request>', "such as 'POST http://orders/x'")
		.option('-H, --header <line>', "a header of the request, such as 'x-a: 1'; may be repeated", collect, [])
		.option('--side <side>', 'inbound (to the app) or outbound (from the app)', 'inbound')
		.option('--all', 'every rule that lost, not only the nearest ones')
		.option('--json', 'print JSON')
		.addHelpText('after', HELP)
		.action(async (file: string, request: string, options: Omit<ExplainArguments, 'file' | 'request'>) => {
			finish(await runExplain({ ...options, file, request }, io));
		});
}

export async function runExplain(args: ExplainArguments, io: CommandIo): Promise<number> {
	const { parseAsked, REQUEST_EXPECTED } = await import('../explain/asked-request.ts');
	if (!isSide(args.side)) return misused(io, `--side is \`${args.side}\``, 'inbound or outbound');
	const headers = await headersOf(args.header);
	if (typeof headers === 'string') return misused(io, `\`${headers}\` is no header`, "a line such as 'x-a: 1'");
	const asked = parseAsked(args.request, headers, args.side);
	if (asked === null) return misused(io, `\`${args.request}\` is no request`, REQUEST_EXPECTED);
	const result = await loadRouteFile(args.file, io);
	for (const issue of result.ok ? result.warnings : result.issues) io.stderr(`${formatIssue(issue)}\n`);
	if (!result.ok) return EXIT.badConfig;
	const { explainedFile } = await import('./explained-file.ts');
	const { Explainer } = await import('../explain/explain.ts');
	const slices = new Explainer(await explainedFile(result)).explain(
		asked,
		args.all === true ? Number.POSITIVE_INFINITY : NEAREST,
	);
	let slice = slices.next();
	// Nobody else needs this process's event loop.
	while (slice.done !== true) slice = slices.next();
	if (args.json === true) io.stdout(`${JSON.stringify(slice.value, null, 2)}\n`);
	else io.stdout((await import('../explain/explain-text.ts')).explanationText(slice.value));
	return EXIT.done;
}

function isSide(text: string): text is Side {
	return SIDES.includes(text);
}

/** The headers, or the line that is none. */
async function headersOf(lines: readonly string[]): Promise<HeaderValue[] | string> {
	const { parseHeaderLine } = await import('../explain/asked-request.ts');
	const headers: HeaderValue[] = [];
	for (const line of lines) {
		const header = parseHeaderLine(line);
		if (header === null) return line;
		headers.push(header);
	}
	return headers;
}

function misused(io: CommandIo, fault: string, expected: string): number {
	io.stderr(`outrigger explain: ${fault}\n  expected ${expected}\n`);
	return EXIT.badConfig;
}
