/** `outrigger diff NEWFILE`: what another file would do with the requests that a running sidecar has seen last. */
import type { Command } from 'commander';
import { formatIssue } from '../config/issue.ts';
import type { RecordedFate } from '../explain/recorded-head.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';

export interface DiffArguments {
	readonly file: string;
	/** Of the running sidecar's admin port. */
	readonly admin: string;
	readonly json?: boolean;
}

/** What `POST /explain` answers to `{"recent": true}`. */
interface RecentFates {
	readonly hash: string;
	readonly requests: readonly RecordedFate[];
}

const DEFAULT_ADMIN = 'http://127.0.0.1:9901';
const TIMEOUT_MS = 30_000;

const HELP = `
Example:
  outrigger diff routes/shop.yaml --admin http://127.0.0.1:9901

The sidecar says what its running rules do with each request; the new file is judged here. Values that
\`telemetry.redact\` hides are not recorded: where a rule asks for one, that is said.

Exit status 0: compared, whatever would change. 1: the sidecar cannot be asked. 64: the file is not valid.`;

export function registerDiff(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	program
		.command('diff')
		.summary('say what another file would do with the requests seen last')
		.description('Say what another route file would do with the requests that a running sidecar has seen last.')
		.argument('<newfile>', 'route file, or a folder of YAML files')
		.option('--admin <url>', 'admin port of the running sidecar', DEFAULT_ADMIN)
		.option('--json', 'print JSON')
		.addHelpText('after', HELP)
		.action(async (file: string, options: Omit<DiffArguments, 'file'>) => {
			finish(await runDiff({ ...options, file }, io));
		});
}

export async function runDiff({ file, admin, json }: DiffArguments, io: CommandIo): Promise<number> {
	const url = URL.parse('/explain', admin.includes('://') ? admin : `http://${admin}`);
	if (url === null) {
		io.stderr(`outrigger diff: \`${admin}\` is no URL\n  expected the admin port, such as ${DEFAULT_ADMIN}\n`);
		return EXIT.badConfig;
	}
	const loaded = await loadRouteFile(file, io);
	for (const issue of loaded.ok ? loaded.warnings : loaded.issues) io.stderr(`${formatIssue(issue)}\n`);
	if (!loaded.ok) return EXIT.badConfig;
	let running: RecentFates;
	try {
		running = await recentFates(url);
	} catch (error) {
		io.stderr(`outrigger diff: ${admin} cannot be asked: ${reasonOf(error)}\n`);
		return EXIT.checkFailed;
	}
	const { explainedFile } = await import('./explained-file.ts');
	const { Explainer } = await import('../explain/explain.ts');
	const { diffRoutes } = await import('../explain/diff.ts');
	const explained = await explainedFile(loaded);
	const found = diffRoutes(running.requests, loaded.config, new Explainer(explained), explained.compileRegex);
	if (json === true) io.stdout(`${JSON.stringify({ running: running.hash, ...found }, null, 2)}\n`);
	else io.stdout((await import('../explain/diff-text.ts')).diffText(found));
	return EXIT.done;
}

async function recentFates(url: URL): Promise<RecentFates> {
	const response = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: '{"recent":true}',
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
	if (!response.ok) throw new Error(`it answers ${response.status}`);
	const value = ((await response.json().catch(() => null)) ?? {}) as Partial<RecentFates>;
	if (!Array.isArray(value.requests)) throw new Error('that is no admin port of a sidecar of this version');
	return { hash: value.hash ?? '', requests: value.requests };
}

/** `fetch` hides what went wrong behind what it was doing. */
function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
