/** A whole sidecar in this process, in front of an origin that the test scripts: real sockets, port 0, no child process. */

import type { SourceTools } from '../../src/app/source-tools.ts';
import type { Taken } from '../../src/app/taken.ts';
import { Telemetry } from '../../src/app/telemetry.ts';
import { App } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { EffectiveParts } from '../../src/config/effective-parts.ts';
import { formatIssue, type Issue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { ExchangeRecord, RetryReason, RetrySkipReason } from '../../src/ports/telemetry.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';
import { DEADLINE_MS, waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';

/** A record as it was when the exchange ended: the live object changes with its connection. */
export type Recorded = Pick<
	ExchangeRecord,
	| 'route'
	| 'side'
	| 'service'
	| 'method'
	| 'authority'
	| 'userAgent'
	| 'target'
	| 'status'
	| 'errorCode'
	| 'errorDetail'
	| 'flags'
	| 'isLocalReply'
	| 'requestBytes'
	| 'deniedBy'
	| 'wouldBeDeniedBy'
> & { attempts: { outcome: string; isReused: boolean; isHedge: boolean; status: number }[]; responseBytes: number };

export interface StartOptions {
	readonly waitForReady?: boolean;
	readonly sources?: Partial<SourceTools>;
	/** Changes what was parsed. */
	readonly edit?: (config: Config) => Config;
}

/** Files of endpoints and clusters are for tests of the whole program. */
const SOURCES: SourceTools = {
	folder: '.',
	compileEndpoints: () => Promise.reject(new Error('no other process here')),
	cluster: null,
};

export class RunningSidecar {
	readonly app: App;
	readonly telemetry: Telemetry;
	readonly records: Recorded[] = [];
	readonly retries: RetryReason[] = [];
	readonly skips: RetrySkipReason[] = [];

	private constructor(app: App, telemetry: Telemetry) {
		this.app = app;
		this.telemetry = telemetry;
	}

	/** `yaml` is what follows `app: {port}`, `inbound: {listen: 127.0.0.1:0 …}`; see `routeFile`. */
	static async start(yaml: string, options: StartOptions = {}): Promise<RunningSidecar> {
		const taken = await takenOf(yaml, options.edit);
		const { config } = taken;
		const telemetry = new Telemetry({ config, process: PROCESS, isHuman: false });
		telemetry.setLogLevel('error');
		const app = new App({ ...taken, telemetry, sources: { ...SOURCES, ...options.sources } });
		const running = new RunningSidecar(app, telemetry);
		running.spy();
		await app.start();
		if (options.waitForReady !== false) await waitFor('the sidecar to be ready', () => app.ready().ok);
		return running;
	}

	get port(): number {
		return this.app.bound.inbound;
	}

	/** Of the outbound listener. */
	get outboundPort(): number {
		return this.app.bound.outbound?.port ?? 0;
	}

	/** Takes over another file; the issues that keep it from that. */
	async reload(yaml: string, { edit }: StartOptions = {}): Promise<readonly Issue[]> {
		return this.app.reload(await takenOf(yaml, edit), 'test.yaml');
	}

	get admin(): string {
		return `http://127.0.0.1:${this.app.bound.admin?.port}`;
	}

	async waitForRecords(count: number): Promise<Recorded[]> {
		await waitFor(`${count} finished exchanges`, () => this.records.length >= count, DEADLINE_MS);
		return this.records;
	}

	async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
		const text = await this.telemetry.metrics.text();
		for (const line of text.split('\n')) {
			const match = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line);
			if (match?.[1] !== name) continue;
			const found = Object.fromEntries(
				[...(match[2] ?? '').matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, k, v]) => [k, v]),
			);
			if (Object.entries(labels).every(([key, value]) => found[key] === value)) return Number(match[3]);
		}
		return 0;
	}

	async stop(): Promise<void> {
		await this.app.stop();
	}

	/** Sees what the data path tells telemetry, without being in its way. */
	private spy(): void {
		const { recorder } = this.telemetry;
		const ended = recorder.ended.bind(recorder);
		recorder.ended = (record) => {
			const { route, side, service, method, target, status, errorCode, errorDetail, flags, isLocalReply } = record;
			const { authority, userAgent, requestBytes, responseBytes, deniedBy, wouldBeDeniedBy } = record;
			const attempts = record.attempts.map((each) => ({
				outcome: each.outcome,
				isReused: each.isReused,
				isHedge: each.isHedge,
				status: each.status,
			}));
			const facts = { route, side, service, method, target, status, errorCode, errorDetail, flags, isLocalReply };
			const denials = { deniedBy, wouldBeDeniedBy };
			this.records.push({ ...facts, ...denials, authority, userAgent, requestBytes, responseBytes, attempts });
			ended(record);
		};
		const retried = recorder.retried.bind(recorder);
		recorder.retried = (service, reason) => {
			this.retries.push(reason);
			retried(service, reason);
		};
		const skipped = recorder.retrySkipped.bind(recorder);
		recorder.retrySkipped = (reason) => {
			this.skips.push(reason);
			skipped(reason);
		};
	}
}

async function takenOf(yaml: string, edit: StartOptions['edit'] = (config) => config): Promise<Taken> {
	const parsed = parseConfig(yaml, 'test.yaml', () => undefined);
	if (!parsed.ok) throw new Error(parsed.issues.map((issue) => formatIssue(issue)).join('\n'));
	return {
		config: edit(parsed.config),
		effectiveConfig: new EffectiveParts({}, {}),
		masked: [],
		compileRegex: await loadRegexCompiler(),
	};
}

/** A route file in front of the origin at a port; `more` replaces or adds top-level blocks, `inbound` adds to inbound. */
export function routeFile(
	appPort: number,
	more: { inbound?: object; app?: object; [key: string]: unknown } = {},
): string {
	const { inbound, app, ...rest } = more;
	return JSON.stringify({
		app: { port: appPort, ...app },
		inbound: { listen: '127.0.0.1:0', ...inbound },
		admin: { listen: '127.0.0.1:0' },
		telemetry: { accessLog: { when: 'off' } },
		shutdown: { drain: '5s', propagation: '0s' },
		...rest,
	});
}

const PROCESS = {
	version: 'test',
	cpuUsage: () => process.cpuUsage(),
	memoryUsage: () => process.memoryUsage(),
	uptime: () => process.uptime(),
};

/** The head of a message as it came, its empty line included. */
export function headOf(message: WireMessage | undefined): string {
	const raw = message?.raw.toString('latin1') ?? '';
	return raw.slice(0, raw.indexOf('\r\n\r\n') + 4);
}
