/**
 * The access log: decides which exchanges get a line and writes it.
 *
 * What does not depend on the exchange (workload, hash, list of secrets) is rendered when the file is taken over, so
 * that a line is one template filled in.
 */
import type { Random } from '../clock.ts';
import { QueryRedactor } from '../http/redact.ts';
import type { ExchangeRecord } from '../ports/telemetry.ts';
import { type AccessFormat, accessCombined, accessJson, type LineContext } from './access-line.ts';
import type { Workload } from './istio-metrics.ts';
import { jsonString } from './json-text.ts';
import type { LineWriter } from './log-stream.ts';

/** What the route file says about the access log; may change with every reload. */
export interface AccessLogSettings {
	readonly format: AccessFormat;
	readonly when: 'all' | 'errors' | 'off';
	/** Percent (0 to 100) of the exchanges without an error that get a line when `when` is `errors`. */
	readonly sample: number;
	readonly redact: { readonly headers: readonly string[]; readonly query: readonly string[] };
	/** Of the running file. */
	readonly configHash: string;
}

export interface AccessLogOptions {
	readonly workload: Workload;
	readonly settings: AccessLogSettings;
	/** Not closed by us: the log intake may share it. */
	readonly stream: LineWriter;
	readonly random: Random;
}

const FIRST_SERVER_ERROR = 500;
const CLIENT_CLOSED = 499;
const PERCENT = 100;

export class AccessLog {
	private readonly workload: Workload;
	private readonly random: Random;
	private stream: LineWriter;
	private when: AccessLogSettings['when'] = 'off';
	/** Between 0 and 1. */
	private sample = 0;
	private render: (record: ExchangeRecord, context: LineContext) => string = accessJson;
	private context: LineContext;

	constructor(options: AccessLogOptions) {
		this.workload = options.workload;
		this.random = options.random;
		this.stream = options.stream;
		this.context = lineContext(options.workload, options.settings);
		this.configure(options.settings, options.stream);
	}

	/** Takes over what a reload has changed. */
	configure(settings: AccessLogSettings, stream: LineWriter): void {
		this.stream = stream;
		this.when = settings.when;
		this.sample = settings.sample / PERCENT;
		this.render = settings.format === 'json' ? accessJson : accessCombined;
		this.context = lineContext(this.workload, settings);
	}

	write(record: ExchangeRecord): void {
		if (this.isWanted(record)) this.stream.write(this.render(record, this.context));
	}

	private isWanted(record: ExchangeRecord): boolean {
		if (this.when === 'off') return false;
		if (this.when === 'all' || isError(record)) return true;
		return this.sample > 0 && this.random.next() < this.sample;
	}
}

/** What authorization would refuse is one as well: a dry run is for finding it. */
function isError({ status, errorCode, wouldBeDeniedBy }: ExchangeRecord): boolean {
	return status >= FIRST_SERVER_ERROR || errorCode !== '' || status === CLIENT_CLOSED || wouldBeDeniedBy !== '';
}

function lineContext(workload: Workload, settings: AccessLogSettings): LineContext {
	return {
		redactor: new QueryRedactor(settings.redact.query),
		workload: workloadJson(workload),
		config: jsonString(settings.configHash),
		hidesUserAgent: settings.redact.headers.some((name) => name.toLowerCase() === 'user-agent'),
	};
}

/** The workload as it stands in every JSON line. */
export function workloadJson({ name, namespace, version }: Workload): string {
	return `{"name":${jsonString(name)},"namespace":${jsonString(namespace)},"version":${jsonString(version)}}`;
}
