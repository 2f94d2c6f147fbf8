/** What an explanation must not repeat: values of the header fields and query parameters that `telemetry.redact` names. */
import type { Config, HeaderValue } from '../config/config.ts';
import { QueryRedactor } from '../http/redact.ts';

export const MASK = '***';

export class Redaction {
	private readonly headerNames: ReadonlySet<string>;
	private readonly queryNames: ReadonlySet<string>;
	private readonly redactor: QueryRedactor;

	constructor({ telemetry }: Pick<Config, 'telemetry'>) {
		const { headers, query } = telemetry.redact;
		this.headerNames = new Set(headers.map((name) => name.toLowerCase()));
		this.queryNames = new Set(query.map((name) => name.toLowerCase()));
		this.redactor = new QueryRedactor(query);
	}

	hidesHeader(name: string): boolean {
		return this.headerNames.has(name.toLowerCase());
	}

	/** `name` is unescaped. */
	hidesQuery(name: string): boolean {
		return this.queryNames.has(name.toLowerCase());
	}

	/** A path with its query. */
	path(target: string): string {
		return this.redactor.path(target);
	}

	header({ name, value }: HeaderValue): HeaderValue {
		return { name, value: this.hidesHeader(name) ? MASK : value };
	}
}
