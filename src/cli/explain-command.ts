/** `outrigger explain FILE REQUEST`: which rule gets a request and why, what happens to it, and why each other rule lost. */
import type { Command } from 'commander';
import type { Config, HeaderValue, Side } from '../config/config.ts';
import { formatIssue } from '../config/issue.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';

export interface ExplainArguments {
	readonly file: string;
	readonly request: string;
	/** As they are written: `x-a: 1`. */
	readonly header: readonly string[];
	/** Default: inbound, and outbound with `service`. */
	readonly side?: string;
	/** By whose own port it comes. */
	readonly service?: string;
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
  outrigger explain route.yaml 'GET http://127.0.0.1:7001/' --service stock

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
		.option('--side <side>', 'inbound (to the app; the default) or outbound (from the app)')
		.option('--service <name>', 'a call that comes by the port of this service (`services.<name>.listen`)')
		.option('--all', 'every rule that lost, not only the nearest ones')
		.option('--json', 'print JSON')
		.addHelpText('after', HELP)
		.action(async (file: string, request: string, options: Omit<ExplainArguments, 'file' | 'request'>) => {
			finish(await runExplain({ ...options, file, request }, io));
		});
}

export async function runExplain(args: ExplainArguments, io: CommandIo): Promise<number> {
	const { parseAsked, REQUEST_EXPECTED, WITHOUT_PORT_OF_SERVICE, wayIn } = await import('../explain/asked-request.ts');
	const { service = '', side = service === '' ? 'inbound' : 'outbound' } = args;
	if (!isSide(side)) return misused(io, `--side is \`${side}\``, 'inbound or outbound');
	if (service !== '' && side === 'inbound')
		return misused(io, '--service with --side inbound', `outbound: ${WITHOUT_PORT_OF_SERVICE}`);
	const headers = await headersOf(args.header);
	if (typeof headers === 'string') return misused(io, `\`${headers}\` is no header`, "a line such as 'x-a: 1'");
	const asked = parseAsked(args.request, headers, wayIn(side, service));
	if (asked === null) return misused(io, `\`${args.request}\` is no request`, REQUEST_EXPECTED);
	const result = await loadRouteFile(args.file, io);
	for (const issue of result.ok ? result.warnings : result.issues) io.stderr(`${formatIssue(issue)}\n`);
	if (!result.ok) return EXIT.badConfig;
	const [fault, expected] = service === '' ? ['', ''] : await faultOfPort(service, result.config);
	if (fault !== '') return misused(io, fault, expected);
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

/** Why there is no port of that service, and what was expected; `''`: there is one. */
async function faultOfPort(service: string, { services }: Config): Promise<readonly [string, string]> {
	const found = services.find(({ name }) => name === service);
	if (found !== undefined && found.listen !== null) return ['', ''];
	const withPort = services.filter(({ listen }) => listen !== null).map(({ name }) => name);
	const fault = `--service is \`${service}\`, which ${found === undefined ? 'is no service' : 'has no `listen`'}`;
	if (withPort.length === 0) return [fault, 'a service with `listen`; the file has none'];
	const { nearest } = await import('../config/suggest.ts');
	const guess = nearest(service, withPort);
	const hint = guess === '' ? '' : `; did you mean \`${guess}\`?`;
	return [fault, `a service with \`listen\`, such as \`${withPort[0]}\`${hint}`];
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
