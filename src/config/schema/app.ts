import { block, duration, EVEN_WITH_ISSUES, fault, port, text, word } from './field.ts';
import { EXPECTED_NAME, NAME } from './names.ts';

const MIN_HEALTH_INTERVAL_MS = 100;

/** A query may be part of it: it is sent as it stands here. */
const HEALTH_PATH = /^\/[!-~]*$/;

export const appSchema = block(
	{
		name: text('a name', EXPECTED_NAME, NAME)
			.optional()
			.describe("The workload's name in metrics, logs and traces. Default: the name of the file, without its ending."),
		namespace: text('a name', EXPECTED_NAME, NAME).prefault('default').describe("The workload's namespace."),
		version: text('a version', 'text; quote it when it looks like a number')
			.optional()
			.describe("The workload's version."),
		zone: text('a zone', EXPECTED_NAME, NAME)
			.optional()
			.describe('The zone that it runs in, for `loadBalancer.zone: prefer`. Default: not said.'),
		port: port().optional().describe('Where the unchanged app listens on localhost. Either this or `socket`.'),
		socket: text('a path', 'the path of a Unix socket, such as `/run/app.sock`', /^\/[^\x00-\x1f\x7f]+$/)
			.optional()
			.describe('Path of the Unix socket on which the app listens. Either this or `port`.'),
		protocol: word(['auto', 'http1', 'tcp'], ['h2c', 'grpc', 'tls']).prefault('auto').describe('What the app speaks.'),
		health: block({
			path: text('a path', 'a path such as `/healthz`', HEALTH_PATH).describe('Asked with GET; 2xx means healthy.'),
			interval: duration(MIN_HEALTH_INTERVAL_MS).prefault('2s').describe('Time between two questions.'),
		})
			.optional()
			.describe('The app is ready once this path answers 2xx. Default: once its port accepts.'),
	},
	[],
	'where the app listens, such as `app: { port: 8080 }`',
)
	.superRefine((app, context) => {
		const hasPort = 'port' in app;
		const hasSocket = 'socket' in app;
		if (hasPort !== hasSocket) return;
		const expected = '`port: 8080` or `socket: /run/app.sock`';
		const message = hasPort ? 'has both `port` and `socket`' : 'needs `port` or `socket`: where the app listens';
		context.addIssue(fault(app, message, { expected }));
	}, EVEN_WITH_ISSUES)
	.describe('The unchanged app behind the sidecar.');
