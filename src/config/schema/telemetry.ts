import { block, flag, integer, listOf, percentage, text, word } from './field.ts';
import { listenAddress } from './listen.ts';

const MAX_NAMES = 256;
const MAX_SERIES = 1_000_000;
const MAX_TEMPLATES = 1000;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const PATH = /^\/[!-~]*$/;
const TEMPLATE = /^\/[!-~]*$/;

/** What carries credentials by its very name. */
const SENSITIVE_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'];
const SENSITIVE_QUERY = ['token', 'access_token', 'key', 'api_key', 'password', 'secret'];

const accessLog = block({
	format: word(['json', 'combined'])
		.prefault('json')
		.describe("One JSON object a line, or the web servers' combined format."),
	when: word(['all', 'errors', 'off']).prefault('errors').describe('Which exchanges are logged.'),
	sample: percentage().prefault('0%').describe('Share of the others that is logged as well.'),
	file: text('a file', '`stdout`, `stderr` or a path').prefault('stdout').describe('`stdout`, `stderr` or a path.'),
});

const redact = block({
	headers: listOf(text('a header name', 'a header name', TOKEN), MAX_NAMES)
		.prefault(SENSITIVE_HEADERS)
		.describe('Headers whose values are never shown. A list of your own replaces this one.'),
	query: listOf(text('a parameter name', 'the name of a query parameter'), MAX_NAMES)
		.prefault(SENSITIVE_QUERY)
		.describe('Query parameters whose values are never shown. A list of your own replaces this one.'),
});

const metrics = block({
	maxSeries: integer(1, MAX_SERIES)
		.prefault(2000)
		.describe('Series a metric may have; further ones are counted as `__other__`.'),
	istio: flag().prefault(false).describe("Also Istio's metrics, so that its dashboards work."),
	mergeApp: text('a path', 'a path such as `/metrics`', PATH)
		.optional()
		.describe("Path of the app's own metrics, which are then part of ours."),
	pathTemplates: listOf(text('a path template', 'a path such as `/users/{id}`', TEMPLATE), MAX_TEMPLATES)
		.prefault([])
		.describe('Names for paths that no rule names.'),
});

const logIntake = block({
	listen: listenAddress().describe('Where the app may send logs.'),
	path: text('a path', 'a path such as `/log`', PATH).prefault('/log').describe('Path that takes them.'),
});

export const telemetrySchema = block(
	{
		accessLog: accessLog.prefault({}).describe('The access log.'),
		redact: redact.prefault({}).describe('What logs and the admin port never show.'),
		metrics: metrics.prefault({}).describe('Metrics.'),
		logIntake: logIntake.optional().describe('A port on which the app may POST its logs as JSON; 204. Default: none.'),
	},
	['tracing', 'serverTiming'],
).describe('Metrics and logs.');
